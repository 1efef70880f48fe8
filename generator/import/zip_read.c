#include "zip_read.h"

#include <limits.h>
#include <string.h>
#include <unzip.h>

#include "text.h"

/* Deflate makes at most 1032 bytes of one. */
enum { DEFLATE_MOST = 1032, DEFLATED = 8, ENCRYPTED = 1 };

static bool refuse(struct zip *z, const char *name, const char *why)
{
    diag_error(z->diag, DIAG_BAD_MODEL, z->span, "the archive's member '%s' %s",
            text_quote(z->diag, name), why);
    return false;
}

static bool damaged(struct zip *z)
{
    diag_error(z->diag, DIAG_BAD_MODEL, z->span,
            "the ZIP archive is damaged or cut off: its list of members can't be read");
    return false;
}

/* The member that minizip stands at. */
static bool add_member(struct zip *z)
{
    unz_file_info64 info;
    unz64_file_pos at;
    char name[ZIP_MAX_NAME + 1] = "";
    if (unzGetCurrentFileInfo64(z->file, &info, name, ZIP_MAX_NAME, NULL, 0, NULL, 0) != UNZ_OK ||
            unzGetFilePos64(z->file, &at) != UNZ_OK)
        return damaged(z);
    if (info.size_filename >= ZIP_MAX_NAME || strlen(name) != info.size_filename)
        return refuse(z, name, "has a name too long, or with a NUL in it");
    if (zip_find(z, name))
        return refuse(z, name, "is there twice");
    if (info.flag & ENCRYPTED)
        return refuse(z, name, "is encrypted");
    if (info.compression_method != 0 && info.compression_method != DEFLATED)
        return refuse(z, name, "is compressed by another method than deflate");
    if (info.compression_method == 0 && info.compressed_size != info.uncompressed_size)
        return refuse(z, name, "is stored as it is, but in another number of bytes");
    if (info.uncompressed_size / DEFLATE_MOST > info.compressed_size)
        return refuse(z, name, "claims more bytes than can have been compressed into it");
    const struct zip_member m = {pool_copy(z->pool, name, strlen(name)), info.uncompressed_size,
        {at.pos_in_zip_directory, at.num_of_file}};
    vec_push(z->pool, &z->member, m);
    return true;
}

bool zip_open(struct pool *pool, const struct source *at, struct diag *d, struct zip *z)
{
    unz_global_info64 info;
    *z = (struct zip){.pool = pool, .diag = d, .span = {.src = at}};
    z->file = unzOpen64(at->path);
    if (!z->file || unzGetGlobalInfo64(z->file, &info) != UNZ_OK)
        return damaged(z);
    if (info.number_entry > ZIP_MAX_MEMBERS) {
        diag_error(d, DIAG_TOO_LARGE, z->span, "the archive has more than %d members",
                ZIP_MAX_MEMBERS);
        return false;
    }
    if (info.number_entry == 0)
        return true;
    int status = unzGoToFirstFile(z->file);
    while (status == UNZ_OK) {
        if (!add_member(z))
            return false;
        status = unzGoToNextFile(z->file);
    }
    return status == UNZ_END_OF_LIST_OF_FILE || damaged(z);
}

const struct zip_member *zip_find(const struct zip *z, const char *name)
{
    for (int i = 0; i < z->member.n; i++)
        if (!strcmp(z->member.at[i].name, name))
            return &z->member.at[i];
    return NULL;
}

/* All of the open member's bytes; false when it has fewer, or more. */
static bool read_all(struct zip *z, char *to, uint64_t bytes)
{
    char more;
    while (bytes) {
        unsigned n = bytes < INT_MAX ? (unsigned)bytes : INT_MAX;
        int got = unzReadCurrentFile(z->file, to, n);
        if (got <= 0)
            return false;
        to += got;
        bytes -= (unsigned)got;
    }
    return unzReadCurrentFile(z->file, &more, 1) == 0;
}

bool zip_read(struct zip *z, const struct zip_member *m, uint64_t max_bytes, struct source *out)
{
    unz64_file_pos at = {m->at[0], m->at[1]};
    if (m->bytes > max_bytes || m->bytes > SIZE_MAX - 1)
        return refuse(z, m->name, "is larger than the limit");
    if (unzGoToFilePos64(z->file, &at) != UNZ_OK || unzOpenCurrentFile(z->file) != UNZ_OK)
        return refuse(z, m->name, "can't be opened: the archive is damaged");
    char *text = pool_alloc(z->pool, (size_t)m->bytes + 1);
    bool ok = read_all(z, text, m->bytes);
    if (unzCloseCurrentFile(z->file) == UNZ_CRCERROR || !ok)
        return refuse(z, m->name, "is damaged: its bytes and its checksum disagree");
    *out = source_of(m->name, text, (size_t)m->bytes);
    return true;
}

void zip_close(struct zip *z)
{
    if (z->file)
        unzClose(z->file);
    z->file = NULL;
}
