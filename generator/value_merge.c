#include "value_merge.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static void merge_map(struct pool *pool, struct value *map, const struct value *from)
{
    for (int i = 0; i < from->entry.n; i++) {
        struct entry e = from->entry.at[i];
        e.merged = true;
        vec_push(pool, &map->entry, e);
    }
}

void value_merge(struct pool *pool, struct value *map, const struct value *from, struct diag *d)
{
    bool ok = from->kind != VALUE_SCALAR;
    if (from->kind == VALUE_MAP)
        merge_map(pool, map, from);
    for (int i = 0; i < from->item.n; i++) {
        ok = ok && from->item.at[i]->kind == VALUE_MAP;
        if (ok)
            merge_map(pool, map, from->item.at[i]);
    }
    if (!ok)
        diag_error(d, DIAG_MERGE, from->at, "'<<' takes a mapping or a list of mappings, not %s",
                from->kind == VALUE_LIST ? "a list with something else in it"
                                         : value_kind_name(from));
}

/* By key; among equals those written here first, then in the order written. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    int order = strcmp(x->key, y->key);
    if (order == 0)
        order = x->merged - y->merged;
    return order ? order : (x > y) - (x < y);
}

/* For each entry the place of the one that wins its key. */
static int *find_winners(struct pool *pool, const struct value *map)
{
    int n = map->entry.n;
    const struct entry *at = map->entry.at, **sorted = NEW_ARRAY(pool, const struct entry *, n);
    int *winner = NEW_ARRAY(pool, int, n);
    for (int i = 0; i < n; i++)
        sorted[i] = &at[i];
    qsort(sorted, (size_t)n, sizeof *sorted, compare_entries);
    for (int i = 0, first = 0; i < n; i++) {
        if (strcmp(sorted[i]->key, sorted[first]->key))
            first = i;
        winner[sorted[i] - at] = (int)(sorted[first] - at);
    }
    return winner;
}

void value_make_keys_unique(struct pool *pool, struct value *map, struct diag *d)
{
    if (map->entry.n < 2)
        return;
    const int *winner = find_winners(pool, map);
    int kept = 0, n = map->entry.n;
    struct entry *old = NEW_ARRAY(pool, struct entry, n);
    memcpy(old, map->entry.at, (size_t)n * sizeof *old);
    for (int i = 0; i < n; i++) {
        if (winner[i] == i) {
            map->entry.at[kept++] = old[i];
        } else if (!old[i].merged) {
            diag_error(d, DIAG_DUPLICATE_KEY, old[i].key_at, "key '%s' is given twice",
                    text_quote(d, old[i].key));
            diag_note(d, old[winner[i]].key_at, "the first is here");
        }
    }
    map->entry.n = kept;
}
