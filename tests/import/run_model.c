/* Runs an emitted network on the bytes of standard input, its inputs one behind the other, and writes
 * its outputs likewise. Compiled with -DHEADER, RUN (the function), ARENA (bytes), the sizes IN0 (in bytes)
 * and OUT0, OUT1 (in floats; OUT1 0: none). */
#include <stdio.h>
#include <stdlib.h>

#include HEADER

int main(void)
{
    void *in = malloc(IN0), *arena = aligned_alloc(64, (ARENA + 63) / 64 * 64);
    float *out0 = malloc(sizeof(float) * OUT0), *out1 = malloc(sizeof(float) * (OUT1 + 1));
    if (!in || !arena || !out0 || !out1 || fread(in, 1, IN0, stdin) != IN0)
        return 2;
#if OUT1
    if (RUN(in, out0, out1, arena, ARENA))
        return 3;
#else
    if (RUN(in, out0, arena, ARENA))
        return 3;
#endif
    fwrite(out0, sizeof *out0, OUT0, stdout);
    fwrite(out1, sizeof *out1, OUT1, stdout);
    free(in);
    free(arena);
    free(out0);
    free(out1);
    return 0;
}
