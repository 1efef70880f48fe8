/* yaml_explain.h: what libyaml finds wrong with a text, in words that say what to do.
 *
 * Takes libyaml's words ("did not find expected key") and the places it names, looks at the text
 * there, and reports one error with its notes and help. It knows libyaml's words, none of its
 * types. */
#ifndef CNNGEN_YAML_EXPLAIN_H
#define CNNGEN_YAML_EXPLAIN_H

#include "diag.h"
#include "source.h"

/* at: the character where libyaml noticed; context: where what is wrong began, to the end of that
 * line. words may be NULL. */
void explain_yaml(const char *words, struct span at, struct span context, struct diag *);

#endif
