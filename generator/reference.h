/* reference.h: the page about every layer (docs/layers.md), from the tables that the parser
 * uses. */
#ifndef CNNGEN_REFERENCE_H
#define CNNGEN_REFERENCE_H

#include "out.h"

void reference_print(struct out *);  /* Markdown */

#endif
