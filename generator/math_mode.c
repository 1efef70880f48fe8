#include "math_mode.h"

const char *const math_modes[MATH_MODES] = {"strict", "precise", "fast"};
