/* The program of docs/weights.md that opens a weights file. */
#include <stdalign.h>
#include "cnn_file.h"
#include "model.h"

static alignas(MODEL_ARENA_ALIGN) unsigned char arena[MODEL_ARENA_BYTES];
static float input[MODEL_INPUT_SIZE], output[MODEL_OUTPUT_SIZE];

int main(void)
{
    struct cnn_weights w;
    int status = cnn_weights_open(&w, "model.weights", MODEL_WEIGHTS_ID, NULL, 0);
    if (status == 0)
        status = model_run(input, output, w.data, w.bytes, arena, sizeof arena);
    cnn_weights_close(&w);
    return status != 0;
}
