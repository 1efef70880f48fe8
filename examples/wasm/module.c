// What the module exports: the places of one input and one output in its memory, and the run between them.

#include "digits.h"

static float input[DIGITS_INPUT_SIZE], output[DIGITS_OUTPUT_SIZE];

__attribute__((export_name("input"))) float *module_input(void)
{
    return input;
}

__attribute__((export_name("output"))) const float *module_output(void)
{
    return output;
}

// DIGITS_OK, which is 0, or an error.
__attribute__((export_name("run"))) int module_run(void)
{
    return digits_run_static(input, output);
}
