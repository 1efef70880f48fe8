/* The same of a program that has the file's bytes in its memory. */
#include <stdalign.h>
#include <stdio.h>
#include "model.h"

static alignas(MODEL_WEIGHTS_ALIGN) unsigned char bytes[1 << 16];

int main(void)
{
    FILE *file = fopen("model.weights", "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    model_status status;

    status = model_check_weights(bytes, size);
    return status != MODEL_OK;
}
