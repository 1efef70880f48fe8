/* load FILE STATUS: what net_check_weights and cnn_weights_open (into memory, and mapped) say of the file must be
 * STATUS; if that is 0, the network runs. */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cnn_file.h"
#include "net.h"

enum { ROOM = 1 << 18 };
static alignas(64) unsigned char memory[ROOM], arena[NET_ARENA_BYTES];
static float input[NET_INPUT_SIZE], output[NET_OUTPUT_SIZE], expected[NET_OUTPUT_SIZE];

static int check(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return CNN_WEIGHTS_OPEN;
    size_t bytes = fread(memory, 1, ROOM, file);
    fclose(file);
    unsigned char *exact = malloc(bytes ? bytes : 1); /* so that a sanitizer sees what is behind it */
    memcpy(exact, memory, bytes);
    int status = net_check_weights(exact, bytes);
    if (status == NET_OK)
        status = net_run(input, expected, exact, bytes, arena, sizeof arena);
    free(exact);
    return status;
}

static int open_and_run(const char *path, void *to, size_t room)
{
    struct cnn_weights weights;
    int status = cnn_weights_open(&weights, path, NET_WEIGHTS_ID, to, room);
    if (status != 0)
        return weights.data || weights.bytes || weights.mapped ? 1 : status;
    status = net_run(input, output, weights.data, weights.bytes, arena, sizeof arena);
    if (memcmp(output, expected, sizeof output) != 0)
        return 2;
    cnn_weights_close(&weights);
    return weights.data ? 1 : status;
}

/* Every length but the right one is refused before anything behind it is read. */
static int misuse(const char *path)
{
    struct cnn_weights w;
    int bad = 0;
    if (cnn_weights_open(&w, path, NET_WEIGHTS_ID, memory, ROOM) != 0)
        return 1;
    bad += net_check_weights((const char *)w.data + 4, w.bytes) != NET_ERR_WEIGHTS_ALIGN;
    bad += net_check_weights(NULL, w.bytes) != NET_ERR_NULL;
    bad += net_run(input, output, NULL, w.bytes, arena, sizeof arena) != NET_ERR_NULL;
    bad += net_run(input, output, w.data, w.bytes - 1, arena, sizeof arena) != NET_ERR_WEIGHTS_SHORT;
    bad += net_run(input, output, w.data, w.bytes + 1, arena, sizeof arena) != NET_ERR_WEIGHTS_SIZE;
    bad += net_run(input, output, w.data, 63, arena, sizeof arena) != NET_ERR_WEIGHTS_SHORT;
    bad += net_run(input, output, w.data, 0, arena, sizeof arena) != NET_ERR_WEIGHTS_SHORT;
    memory[16] = 128; /* a file that says it is as long as the caller says, but too short for the network */
    memory[17] = memory[18] = 0;
    bad += net_run(input, output, w.data, 128, arena, sizeof arena) != NET_ERR_WEIGHTS_SIZE;
    return bad;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int want = atoi(argv[2]), checked = check(argv[1]);
    int read = open_and_run(argv[1], memory, ROOM), mapped = open_and_run(argv[1], NULL, 0);
    printf("status %d, read %d, mapped %d, expected %d\n", checked, read, mapped, want);
    if (want == 0 && (cnn_weights_open(&(struct cnn_weights){0}, argv[1], NET_WEIGHTS_ID, memory, 100) !=
                         CNN_WEIGHTS_ROOM || misuse(argv[1]) != 0))
        return 1;
    return checked != want || read != want || mapped != want;
}
