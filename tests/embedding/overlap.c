/* Memory that an output or the arena shares with something else is refused; neighbours, and inputs that
 * share theirs, are not. */
#include <stdalign.h>
#include "two.h"

enum { A = TWO_INPUT_A_SIZE, B = TWO_INPUT_B_SIZE, E = TWO_OUTPUT_E_SIZE, F = TWO_OUTPUT_F_SIZE };

static alignas(TWO_ARENA_ALIGN) struct {
    unsigned char arena[TWO_ARENA_BYTES];
    float a[A], e[E], b[B], f[F];
    unsigned char pool[4 * TWO_ARENA_BYTES];
} m;

int main(void)
{
    float *const arena = (float *)(void *)m.arena;

    /* Neighbours. */
    if (two_run(m.a, m.b, m.e, m.f, m.arena, sizeof m.arena) != TWO_OK)
        return 1;
    /* Inputs are only read. */
    if (two_run(m.a, m.a, m.e, m.f, m.arena, sizeof m.arena) != TWO_OK)
        return 2;
    /* Each output with each input, from its first byte to its last. */
    if (two_run(m.a, m.b, m.a, m.f, m.arena, sizeof m.arena) != TWO_ERR_OVERLAP ||
        two_run(m.a, m.b, m.a + A - 1, m.f, m.arena, sizeof m.arena) != TWO_ERR_OVERLAP ||
        two_run(m.a, m.b, m.e, m.b - F + 1, m.arena, sizeof m.arena) != TWO_ERR_OVERLAP)
        return 3;
    /* Outputs with each other. */
    if (two_run(m.a, m.b, m.e, m.e, m.arena, sizeof m.arena) != TWO_ERR_OVERLAP)
        return 4;
    /* The arena with anything; what is behind the bytes that it needs is none of it. */
    if (two_run(arena, m.b, m.e, m.f, m.arena, sizeof m.arena) != TWO_ERR_OVERLAP ||
        two_run(m.a, m.b, m.e, arena + sizeof m.arena / 4 - 1, m.arena, sizeof m.arena) != TWO_ERR_OVERLAP ||
        two_run(m.a, m.b, m.e, m.f, m.arena, sizeof m) != TWO_OK)
        return 5;
    return 0;
}
