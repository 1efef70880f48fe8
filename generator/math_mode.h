/* math_mode.h: --math: how free the emitted code is in what it rounds, the strictest first. */
#ifndef CNNGEN_MATH_MODE_H
#define CNNGEN_MATH_MODE_H

enum math_mode {
    MATH_STRICT,     /* no FMA, one order for every sum: the same bits everywhere */
    MATH_PRECISE,    /* FMA; every sum is one of the products that define it */
    MATH_FAST,       /* algorithms too that save multiplications at the cost of digits: Winograd */
    MATH_MODES
};

extern const char *const math_modes[MATH_MODES];   /* "strict", "precise", "fast" */

#endif
