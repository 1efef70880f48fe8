#include "half.h"

#include <string.h>

static float float_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

float half_to_float(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits >> 15) << 31, exponent = bits >> 10 & 31u, rest = bits & 1023u;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000u | rest << 13);  /* infinity; NaN with payload */
    if (exponent > 0)
        return float_of_bits(sign | (exponent + 127 - 15) << 23 | rest << 13);
    float denormal = (float)rest * 0x1p-24f;  /* exact: a normal float, or zero */
    return sign ? -denormal : denormal;
}

float bfloat_to_float(uint16_t bits)
{
    return float_of_bits((uint32_t)bits << 16);
}
