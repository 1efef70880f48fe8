/* text.h: the text of a spec: its encoding, its characters, its words.
 *
 * text_check takes the bytes of a file. What it lets through is UTF-8 without a character that ends
 * a line for some editors only, that hides or turns round what stands beside it, or that no one
 * could see: what a reader sees is what the compiler reads. */
#ifndef CNNGEN_TEXT_H
#define CNNGEN_TEXT_H

#include "diag.h"
#include "source.h"

#define TEXT_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TEXT_DIGITS "0123456789"

/* False after an error; one at most, for what follows a wrong encoding is noise. */
bool text_check(const struct source *, struct diag *);

/* Why a character may not stand in a spec: "it is a control character"; NULL when it may. */
const char *text_char_refused(uint32_t code);

bool text_is_one_of(const char *text, const char *const *words);  /* words end with NULL */

/* diag_quote of a text that ends with a NUL. */
const char *text_quote(struct diag *, const char *text);

#endif
