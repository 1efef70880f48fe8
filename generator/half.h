/* half.h: 16-bit floating point as found in weight files, to float; every value converts exactly.
 */
#ifndef CNNGEN_HALF_H
#define CNNGEN_HALF_H

#include <stdint.h>

float half_to_float(uint16_t bits);    /* IEEE binary16: F16 */
float bfloat_to_float(uint16_t bits);  /* the upper half of a float: BF16 */

#endif
