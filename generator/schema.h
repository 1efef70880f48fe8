/* schema.h: the specification's JSON Schema (draft-07), for editors. */
#ifndef CNNGEN_SCHEMA_H
#define CNNGEN_SCHEMA_H

#include "out.h"

/* Made from the tables that the parser uses. */
void schema_print(struct out *);

#endif
