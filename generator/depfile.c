#include "depfile.h"

#include <string.h>

void file_list_add(struct pool *pool, struct file_list *list, const char *path)
{
    for (int i = 0; i < list->path.n; i++)
        if (!strcmp(list->path.at[i], path))
            return;
    vec_push(pool, &list->path, path);
}

/* Backslashes double only where a space follows them: elsewhere make takes them as they are. */
const char *depfile_escape(struct pool *pool, const char *path)
{
    char *text = pool_alloc(pool, 2 * strlen(path) + 1), *to = text;
    for (const char *c = path; *c; c++) {
        if (*c == ' ' || *c == '\t')
            for (const char *b = c; b > path && b[-1] == '\\'; b--)
                *to++ = '\\';
        if (strchr(" \t#:", *c))
            *to++ = '\\';
        if (*c == '$')
            *to++ = '$';
        *to++ = *c;
    }
    *to = 0;
    return text;
}

void depfile_print(struct pool *pool, const struct depfile *d, struct out *out)
{
    for (int i = 0; i < d->targets.path.n; i++)
        out_printf(out, "%s%s", i ? " \\\n  " : "", d->targets.path.at[i]);
    out_printf(out, ":");
    for (int i = 0; i < d->from.path.n; i++)
        out_printf(out, " \\\n  %s", depfile_escape(pool, d->from.path.at[i]));
    out_printf(out, "\n");
    for (int i = 1; d->phony && i < d->from.path.n; i++)
        out_printf(out, "\n%s:\n", depfile_escape(pool, d->from.path.at[i]));
}
