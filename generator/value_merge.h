/* value_merge.h: the keys of one mapping: "<<" and that each key stands once.
 *
 * Entries that came through "<<" are marked as merged; they yield to those written in the mapping
 * itself, and among each other to the one that comes first. Two that are written are an error. */
#ifndef CNNGEN_VALUE_MERGE_H
#define CNNGEN_VALUE_MERGE_H

#include "value.h"

/* "<<: *a" or "<<: [*a, *b]": from's entries go to the end of map, where the "<<" stands. An error
 * when from is neither a mapping nor a list of mappings. */
void value_merge(struct pool *, struct value *map, const struct value *from, struct diag *);

/* To be called when map is complete. Keeps the order of the entries that stay. */
void value_make_keys_unique(struct pool *, struct value *map, struct diag *);

#endif
