#include "names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "limits.h"
#include "source.h"
#include "text.h"

/* Words between blanks, and why a model can't bear them. */
static const struct { const char *why, *words; } reserved[] = {
    {"it is a keyword of C",
     " auto break case char const continue default do double else enum extern float for goto if"
     " inline int long register restrict return short signed sizeof static struct switch typedef"
     " union unsigned void volatile while asm typeof bool true false alignas alignof constexpr"
     " nullptr static_assert thread_local typeof_unqual "},
    {"it is a keyword of C++",
     " and and_eq bitand bitor catch char8_t char16_t char32_t class co_await co_return co_yield"
     " compl concept const_cast consteval constinit decltype delete dynamic_cast explicit export"
     " friend mutable namespace new noexcept not not_eq operator or or_eq private protected public"
     " reinterpret_cast requires static_cast template this throw try typeid typename using virtual"
     " wchar_t xor xor_eq final override import module std "},
    {"compilers give it a meaning of its own",
     " near far huge interrupt pascal cdecl fortran unix linux i386 vector pixel complex imaginary"
     " I NULL NAN INFINITY HUGE_VAL TRUE FALSE BOOL min max "},
    {"it is the function that starts a program", " main "},
    {"it is a name of the C library",
     " errno assert offsetof printf fprintf sprintf snprintf vprintf scanf puts putchar getchar"
     " fopen fclose fread fwrite fflush fseek ftell remove rename stdin stdout stderr malloc calloc"
     " realloc free abort exit atexit system getenv abs labs div rand srand atoi atof strtol strtod"
     " qsort bsearch memcpy memmove memset memcmp memchr strlen strcpy strcat strcmp strchr strstr"
     " exp expf exp2 log logf log2 log10 pow powf sqrt sqrtf sin cos tan tanh tanhf sinh cosh"
     " asin acos atan floor ceil round trunc fabs fabsf fmod fma fmaf fmin fmax hypot cbrt erf"
     " gamma lgamma tgamma strtok j0 j1 jn y0 y1 yn signal raise time clock index read write open"
     " close size_t ptrdiff_t intptr_t uintptr_t int8_t int16_t int32_t int64_t uint8_t uint16_t"
     " uint32_t uint64_t setjmp longjmp va_list va_start va_arg va_end "},
    {"Windows can't create files with this name",
     " con prn aux nul com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6"
     " lpt7 lpt8 lpt9 CON PRN AUX NUL "},
};

/* Names of functions and macros that the emitted program would share with its runtime: in capitals
 * these begin alike. */
static const char *const of_runtime[] = {"cnn", "cnn_file", "cnn_math", "cnn_names", "cnn_rt",
    "cnn_version", "cnn_weights"};

static bool is_of_runtime(const char *name)
{
    for (size_t i = 0; i < sizeof of_runtime / sizeof of_runtime[0]; i++)
        if (!strcasecmp(of_runtime[i], name))
            return true;
    return false;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *s = strstr(words, word); s; s = strstr(s + 1, word))
        if (s[-1] == ' ' && s[n] == ' ')
            return true;
    return false;
}

#define TOO_LONG(chars) "it has more than " LONG_TEXT(chars) " characters"
#define LONG_TEXT(chars) #chars

bool c_name_ok(const char *name, const char **why)
{
    *why = NULL;
    if (!*name)
        *why = "it is empty";
    else if (isdigit((unsigned char)*name))
        *why = "it starts with a digit";
    else if (name[strspn(name, TEXT_LETTERS TEXT_DIGITS "_")])
        *why = "it has to consist of letters, digits and '_'";
    else if (strlen(name) > LIMIT_NAME_CHARS)
        *why = TOO_LONG(LIMIT_NAME_CHARS);
    else if (name[0] == '_' && (name[1] == '_' || isupper((unsigned char)name[1])))
        *why = "C keeps names with '__' or '_' and a capital in front to itself";
    else if (is_of_runtime(name))
        *why = "names of the runtime begin with it";
    for (size_t i = 0; !*why && i < sizeof reserved / sizeof reserved[0]; i++)
        if (has_word(reserved[i].words, name))
            *why = reserved[i].why;
    return !*why;
}

bool layer_name_ok(const char *name, const char **why)
{
    *why = NULL;
    if (!*name)
        *why = "it is empty";
    else if (name[strspn(name, TEXT_LETTERS TEXT_DIGITS "_./-")])
        *why = "it has to consist of letters, digits, '_', '.', '/' and '-'";
    else if (!strchr(TEXT_LETTERS TEXT_DIGITS "_", *name))
        *why = "it has to start with a letter, a digit or '_'";
    else if (strlen(name) > LIMIT_NAME_CHARS)
        *why = TOO_LONG(LIMIT_NAME_CHARS);
    return !*why;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t n = strlen(end);
    for (size_t i = 0; n <= len && i < n; i++)
        if (tolower((unsigned char)text[len - n + i]) != end[i])
            return false;
    return n <= len;
}

/* Any text as a name: "3x3 net" -> "m_3x3_net", "int" -> "int_model". */
static const char *make_name(struct pool *pool, const char *text, size_t len)
{
    const char *why;
    char name[LIMIT_NAME_CHARS + 1];
    size_t at = 0;
    bool reserved_start = len > 1 && text[0] == '_' &&
                          (text[1] == '_' || isupper((unsigned char)text[1]));
    for (; reserved_start && len && *text == '_'; len--)
        text++;
    if (len && isdigit((unsigned char)text[0]))
        memcpy(name, "m_", at = 2);
    for (size_t i = 0; i < len && at < LIMIT_NAME_CHARS; at++) {
        uint32_t code;
        size_t n = utf8_next(text + i, len - i, &code);
        name[at] = n == 1 && text[i] && strchr(TEXT_LETTERS TEXT_DIGITS, text[i]) ? text[i] : '_';
        i += n ? n : 1;
    }
    name[at] = 0;
    if (!name[strspn(name, "_")])
        return "model";
    return c_name_ok(name, &why) ? pool_copy(pool, name, at) : pool_printf(pool, "%s_model", name);
}

const char *c_name_near(struct pool *pool, const char *text)
{
    size_t len = strlen(text);
    bool is_near = !text[strspn(text, TEXT_LETTERS TEXT_DIGITS "_.- ")];
    return is_near && len && len <= LIMIT_NAME_CHARS ? make_name(pool, text, len) : NULL;
}

const char *file_stem(struct pool *pool, const char *path)
{
    static const char *const ends[] = {".yaml", ".yml", ".json", ".cnn", ".onnx", ".keras", ".h5",
        ".tflite"};
    const char *slash = strrchr(path, '/'), *stem = slash ? slash + 1 : path;
    size_t len = strlen(stem);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(stem, len, ends[i]))
            len -= strlen(ends[i]);
    return len ? pool_copy(pool, stem, len) : "model";
}

const char *c_name_from_path(struct pool *pool, const char *path)
{
    const char *stem = file_stem(pool, path);
    return strcmp(path, "<stdin>") ? make_name(pool, stem, strlen(stem)) : "model";
}
