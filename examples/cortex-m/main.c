// The digits network on a microcontroller: runs the emitted self-test, classifies handwritten digits that lie in flash,
// and prints how many it gets right and what memory it takes.
//
// Exit status: 0 fine, 1 accuracy below 98 %, 2 the program is at fault, 3 the processor met a fault.

#include <stdint.h>

#include "board.h"
#include "digits.h"

extern const uint8_t test_images[][DIGITS_INPUT_SIZE];  // 28x28, 0 black to 255 white
extern const uint8_t test_labels[];                     // 0..9

// IMAGES, how many there are, is from the Makefile.

// Input and output of the self-test are in the arena, so that it takes more than a run does.
static unsigned char arena[DIGITS_SELFTEST_BYTES] __attribute__((aligned(DIGITS_ARENA_ALIGN)));
static float input[DIGITS_INPUT_SIZE];

static void put_line(const char *what, unsigned long n, const char *unit)
{
    put_text(what);
    put_number(n);
    put_text(unit);
}

static int classify(const uint8_t *pixels)
{
    float output[DIGITS_OUTPUT_SIZE];
    int best = 0;

    for (int i = 0; i < DIGITS_INPUT_SIZE; i++)
        input[i] = (float)pixels[i] / 255.0f;
    if (digits_run(input, output, arena, sizeof arena) != DIGITS_OK) {
        put_text("the network refused to run\n");
        end_program(2);
    }
    for (int k = 1; k < DIGITS_OUTPUT_SIZE; k++)
        if (output[k] > output[best])
            best = k;
    return best;
}

static void put_sizes(void)
{
    const struct sizes s = measure_sizes();

    put_line("flash   ", s.flash, " bytes, images included\n");
    put_line("  code    ", s.network, " bytes of the network\n");
    put_line("  weights ", s.weights, " bytes\n");
    put_line("RAM     ", s.ram, " bytes of variables\n");
    put_line("  arena   ", DIGITS_ARENA_BYTES, " bytes in a run\n");
    put_line("stack   ", s.stack, " bytes were in use");
    put_line(" of ", s.stack_room, "\n");
    if (s.stack == s.stack_room) {
        put_text("the stack was too small\n");
        end_program(2);
    }
}

int main(void)
{
    int right = 0;

    if (digits_selftest(arena, sizeof arena) != DIGITS_OK) {
        put_text("the self-test failed\n");
        return 2;
    }
    put_text("self-test passed\n");
    for (int i = 0; i < IMAGES; i++)
        right += classify(test_images[i]) == test_labels[i];
    put_line("", (unsigned long)right, " of ");
    put_line("", IMAGES, " images right\n");
    put_sizes();
    return right * 100 < IMAGES * 98;
}
