/* embed FILE...: writes the C file that holds the templates and the runtime's files as texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* One character within a string literal; '?' is escaped because "??/" is a trigraph. */
static void put_char(int c)
{
    if (c == '"' || c == '\\' || c == '?')
        printf("\\%c", c);
    else if (c == '\n')
        fputs("\\n", stdout);
    else if (c < ' ' || c > '~')
        printf("\\%03o", (unsigned)c);
    else
        putchar(c);
}

/* static const char text_3[] = "line\n" "line\n"; */
static void put_file(const char *path, int number)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        exit(1);
    }
    printf("static const char text_%d[] =  /* %s */\n    \"", number, base_name(path));
    for (int c = getc(in), next; c != EOF; c = next) {
        next = getc(in);
        put_char(c);
        if (c == '\n' && next != EOF)
            fputs("\"\n    \"", stdout);
    }
    puts("\";\n");
    if (ferror(in)) {
        perror(path);
        exit(1);
    }
    fclose(in);
}

static const char find[] =
    "const struct source *template_builtin(const char *name)\n"
    "{\n"
    "    for (const struct source *s = files; s->path; s++)\n"
    "        if (!strcmp(s->path, name))\n"
    "            return s;\n"
    "    return NULL;\n"
    "}";

int main(int argc, char **argv)
{
    puts("/* Written by generator/host/embed.c. */");
    puts("#include <string.h>\n\n#include \"template.h\"\n");
    puts("#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n");
    for (int i = 1; i < argc; i++)
        put_file(argv[i], i);
    puts("static const struct source files[] = {");
    for (int i = 1; i < argc; i++)
        printf("    {\"%s\", text_%d, sizeof text_%d - 1},\n", base_name(argv[i]), i, i);
    puts("    {NULL, NULL, 0},\n};\n");
    puts(find);
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
