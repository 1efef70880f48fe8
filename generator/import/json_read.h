/* json_read.h: JSON with limits, and values of it without surprises: every function here takes NULL for
 * a value that isn't there. */
#ifndef CNNGEN_IMPORT_JSON_READ_H
#define CNNGEN_IMPORT_JSON_READ_H

#include <jansson.h>

#include "diag.h"

enum { JSON_MAX_DEPTH = 128, JSON_MAX_BYTES = 64 << 20, JSON_MAX_ITEMS = 1 << 20 };

/* The text as JSON, NULL after an error; json_decref frees it. what: "config.json". Keys that occur twice
 * are refused. */
json_t *json_read(struct span at, const char *what, const char *text, size_t len, struct diag *);

bool json_is_text(const json_t *, const char *text);      /* is that string */
const char *json_text(const json_t *);                    /* NULL: not a string */
bool json_int(const json_t *, int64_t *out);              /* 1 and 1.0 are integers */

/* An array's item, an object's value; NULL: none, or null. */
json_t *json_at(const json_t *, size_t i);
json_t *json_get(const json_t *, const char *key);

#endif
