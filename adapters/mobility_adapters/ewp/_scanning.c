/* Reads agreements straight from the bytes of a document that libxml2 has parsed: an optional, quicker way.

   This file knows no format. Tables from Python (scanning.py) say which elements there are, which texts belong to the
   hashed text or are kept, and what is passed over. Whatever is not in them, or is not plain XML, is left to the walk
   over libxml2's tree: one record is called unusual, or the whole document given up.

   Why the answers are right: libxml2 found the document well-formed, the caller found it to be UTF-8. Without any
   "<!" or "<?" nothing but start tags, end tags, text and references is left of XML; without carriage returns text is
   the same before and after parsing. A name counts only with the root's prefix, bound to the one name space asked for.

   Why it is safe with any bytes: `at` never passes `end`, since every step is a loop or a memchr that ends there.
   Nothing recurses: open elements that the tables know are frames in a fixed array, all others a number. All output
   goes through `put`. The tables are checked when they are loaded. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <limits.h>
#include <string.h>

enum { GO_ON = 0, GIVE_UP = 1, FAILED = -1 };             /* FAILED: a Python exception is set */
enum { WRITE, LATER, KEEP, PASS, INSIDE, RECORD, KINDS }; /* scanning.Kind says what they mean */
enum { MAX_TABLES = 32, MAX_ENTRIES = 24, MAX_SLOTS = 32, MAX_FRAMES = 12, MAX_DECLARED = 12, MAX_URI = 256 };

typedef struct { const char *at; Py_ssize_t n; } Piece; /* borrowed from the document or from the tables */
typedef struct { Piece name, prefix, attribute; int kind, slot, table, times, step; } Entry;
typedef struct { Entry entries[MAX_ENTRIES]; int count, open; } Table;
typedef struct { Table tables[MAX_TABLES]; Piece space, record; int kept; PyObject *source; } Rules;
typedef struct { const Table *table; int base, filled, next; } Frame; /* filled: an element was inside */
typedef struct { char *data; Py_ssize_t n, size; } Buffer;
typedef struct { Piece prefix, uri; } Declared;
typedef struct { Piece prefix, local, attribute, value; int attributes, languages, foreign, bound, empty; } Tag;

typedef struct {
    const Rules *rules;
    PyObject *take;                  /* called with each record's tuple, or None for an unusual one */
    const char *at, *end;            /* what is still to be read */
    const char *opened;              /* where the last start tag ended */
    Piece prefix;                    /* the root's */
    Declared declared[MAX_DECLARED]; /* name spaces of the root, then of the record's own start tag */
    int outer, all;                  /* how many of the root, how many in all */
    Frame frames[MAX_FRAMES];
    int depth;
    Py_ssize_t passing;              /* how many elements are open in a part that is passed over */
    int in_record, odd, unusual;     /* odd: something was just met that makes the record unusual */
    Piece slots[MAX_SLOTS];
    int seen[MAX_TABLES];
    Buffer terms, written;           /* the record's hashed text; the record as libxml2 writes it */
    const char *run;                 /* `written` holds the input up to here */
} Scan;

enum { BLANK = 1, ENDS_NAME = 2, STOPS_TEXT = 4 };
static const unsigned char CLASSES[256] = {
    [' '] = BLANK | ENDS_NAME, ['\t'] = BLANK | ENDS_NAME, ['\n'] = BLANK | ENDS_NAME, ['/'] = ENDS_NAME,
    ['>'] = ENDS_NAME | STOPS_TEXT, [':'] = ENDS_NAME, ['<'] = STOPS_TEXT, ['&'] = STOPS_TEXT,
};
static int is(char c, int which) { return CLASSES[(unsigned char)c] & which; }
static int same(Piece a, Piece b) { return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, (size_t)a.n) == 0); }

static int put(Buffer *b, const char *from, Py_ssize_t n)
{
    if (n <= 0) return GO_ON;
    if (n > b->size - b->n) {
        Py_ssize_t size = n > PY_SSIZE_T_MAX / 4 - b->n ? -1 : 2 * (b->n + n) + 8192;
        char *grown = size < 0 ? NULL : PyMem_Realloc(b->data, (size_t)size);
        if (grown == NULL) { PyErr_NoMemory(); return FAILED; }
        b->data = grown;
        b->size = size;
    }
    memcpy(b->data + b->n, from, (size_t)n);
    b->n += n;
    return GO_ON;
}

/* Where libxml2 writes something else than the input: copy up to `from`, put `text`, go on at `to`. */
static int patch(Scan *s, const char *from, const char *to, const char *text)
{
    if (put(&s->written, s->run, from - s->run) || put(&s->written, text, (Py_ssize_t)strlen(text))) return FAILED;
    s->run = to;
    return GO_ON;
}

/* --- text ---------------------------------------------------------------------------------------------------- */

static const struct { Piece name; const char *means; int stays; } REFERENCES[] = {
    {{"&amp;", 5}, "&", 1}, {{"&lt;", 4}, "<", 1}, {{"&gt;", 4}, ">", 1}, {{"&quot;", 6}, "\"", 0}, {{"&apos;", 6}, "'", 0},
};

static int reference_at(const char *p, const char *end) /* its place in the table, or -1 */
{
    for (int i = 0; i < 5; i++)
        if (end - p >= REFERENCES[i].name.n && memcmp(p, REFERENCES[i].name.at, (size_t)REFERENCES[i].name.n) == 0)
            return i;
    return -1;
}

/* Go to the next "<", which has at least one byte behind it. */
static int pass_text(Scan *s)
{
    const char *p = s->at;
    for (;; p++) {
        while (p < s->end && !is(*p, STOPS_TEXT)) p++;
        if (p >= s->end || *p == '<') break;
        if (*p == '>' && patch(s, p, p + 1, "&gt;")) return FAILED;
        if (*p == '>') continue;
        int which = reference_at(p, s->end);
        s->odd |= which < 0;
        if (which >= 0 && !REFERENCES[which].stays && patch(s, p, p + REFERENCES[which].name.n, REFERENCES[which].means))
            return FAILED;
    }
    s->at = p;
    return s->end - p >= 2 ? GO_ON : GIVE_UP;
}

/* Put a text that has been passed, with its references resolved. */
static int put_text(Buffer *b, Piece text)
{
    const char *p = text.at, *end = text.at + text.n, *next;
    while (p < end && (next = memchr(p, '&', (size_t)(end - p))) != NULL) {
        int which = reference_at(next, end);
        if (which < 0) break; /* then the record is unusual and this is for nothing */
        if (put(b, p, next - p) || put(b, REFERENCES[which].means, 1)) return FAILED;
        p = next + REFERENCES[which].name.n;
    }
    return put(b, p, end - p);
}

static int put_term(Buffer *b, Piece prefix, Piece text)
{
    return put(b, prefix.at, prefix.n) || put_text(b, text) || put(b, "_", 1) ? FAILED : GO_ON;
}

/* --- tags ---------------------------------------------------------------------------------------------------- */

static const char *behind_blanks(const char *p, const char *end)
{
    while (p < end && is(*p, BLANK)) p++;
    return p;
}

static int plain(Piece value) /* whether libxml2 writes it as it stands */
{
    for (const char *p = value.at, *end = p + value.n; p < end; p++)
        if (*p < ' ' || *p > '~' || *p == '&' || *p == '<' || *p == '>' || *p == '"') return 0;
    return 1;
}

static int take_declaration(Scan *s, Tag *tag, Piece prefix, Piece uri)
{
    if (!plain(uri) || uri.n == 0 || uri.n > MAX_URI || (prefix.n >= 3 && memcmp(prefix.at, "xml", 3) == 0))
        return GIVE_UP;
    s->odd |= s->in_record && tag->attributes > 0; /* libxml2 writes name spaces first */
    if (same(prefix, s->prefix)) *(same(uri, s->rules->space) ? &tag->bound : &tag->foreign) = 1;
    if (s->in_record) return GO_ON;
    if (s->all == MAX_DECLARED) return GIVE_UP;
    s->declared[s->all++] = (Declared){prefix, uri};
    return GO_ON;
}

/* Read ` name="value"` at *p and go behind it. */
static int take_attribute(Scan *s, Tag *tag, const char **at)
{
    const char *end = s->end, *p = *at, *gap;
    Piece name = {p, 0}, value;
    while (p < end && *p != '=' && !is(*p, BLANK)) p++;
    name.n = p - name.at;
    gap = p;
    p = behind_blanks(p, end);
    if (p >= end || *p != '=') return GIVE_UP;
    p = behind_blanks(p + 1, end);
    if (p >= end || (*p != '"' && *p != '\'')) return GIVE_UP;
    const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
    if (close == NULL) return GIVE_UP;
    if ((p - gap > 1 || *p == '\'') && patch(s, gap, p + 1, "=\"")) return FAILED;
    if (*p == '\'' && patch(s, close, close + 1, "\"")) return FAILED;
    value = (Piece){p + 1, close - p - 1};
    *at = close + 1;
    if (same(name, (Piece){"xmlns", 5})) return take_declaration(s, tag, (Piece){"", 0}, value);
    if (name.n > 6 && memcmp(name.at, "xmlns:", 6) == 0)
        return take_declaration(s, tag, (Piece){name.at + 6, name.n - 6}, value);
    tag->attributes++;
    tag->languages += same(name, (Piece){"xml:lang", 8});
    tag->attribute = name;
    tag->value = value;
    s->odd |= s->in_record && !plain(value);
    return GO_ON;
}

/* Read the start tag at `at` and go behind it. */
static int take_tag(Scan *s, Tag *tag)
{
    const char *end = s->end, *p = s->at + 1, *from = p;
    *tag = (Tag){0};
    tag->prefix = (Piece){from, 0};
    while (p < end && !is(*p, ENDS_NAME)) p++;
    if (p < end && *p == ':') {
        tag->prefix.n = p - from;
        from = ++p;
        while (p < end && !is(*p, ENDS_NAME)) p++;
    }
    tag->local = (Piece){from, p - from};
    if (s->depth == 1) s->prefix = tag->prefix;
    for (;;) {
        const char *gap = p;
        p = behind_blanks(p, end);
        if (end - p < 2) return GIVE_UP;
        int last = *p == '>' || *p == '/';
        if (p == gap && !last) return GIVE_UP;
        if (last ? p > gap : p - gap > 1 || *gap != ' ')
            if (patch(s, gap, p, last ? "" : " ")) return FAILED;
        if (last) break;
        int status = take_attribute(s, tag, &p);
        if (status) return status;
    }
    tag->empty = *p == '/';
    p += tag->empty;
    if (*p != '>') return GIVE_UP;
    s->at = p + 1;
    s->opened = tag->empty ? NULL : s->at;
    return GO_ON;
}

/* Go behind the end tag at `at`; its name is known, because the document is well-formed. */
static int pass_end_tag(Scan *s)
{
    const char *start = s->at, *close = memchr(start, '>', (size_t)(s->end - start)), *gap = close;
    if (close == NULL) return GIVE_UP;
    s->at = close + 1;
    if (start == s->opened) return patch(s, start - 1, s->at, "/>"); /* <a></a> */
    while (is(gap[-1], BLANK)) gap--;
    return gap < close ? patch(s, gap, close, "") : GO_ON;
}

/* --- elements ------------------------------------------------------------------------------------------------ */

/* Leave what remains of an unusual record to the other way: pass over it. Outside a record, give up. */
static int lose(Scan *s)
{
    s->odd = 0;
    if (!s->in_record) return GIVE_UP;
    if (s->unusual) return GO_ON;
    s->unusual = 1;
    s->passing += s->depth - 2;
    s->depth = 2;
    return GO_ON;
}

/* The record's end: hand over (written, terms, *kept), or None. */
static int finish_record(Scan *s)
{
    PyObject *record = Py_None, *answer = NULL;
    if (s->unusual) Py_INCREF(record);
    else {
        if (put(&s->written, s->run, s->at - s->run)) return FAILED;
        record = PyTuple_New(2 + s->rules->kept);
        if (record == NULL) return FAILED;
        PyTuple_SetItem(record, 0, PyBytes_FromStringAndSize(s->written.data, s->written.n));
        PyTuple_SetItem(record, 1, PyBytes_FromStringAndSize(s->terms.data, s->terms.n));
        for (int i = 0; i < s->rules->kept && !PyErr_Occurred(); i++) {
            PyObject *value = Py_None;
            s->written.n = 0;
            if (s->slots[i].at == NULL) Py_INCREF(value);
            else if (put_text(&s->written, s->slots[i])) value = NULL;
            else value = PyUnicode_DecodeUTF8(s->written.n ? s->written.data : "", s->written.n, "strict");
            PyTuple_SetItem(record, 2 + i, value);
        }
    }
    if (!PyErr_Occurred()) answer = PyObject_CallFunctionObjArgs(s->take, record, NULL);
    Py_DECREF(record);
    Py_XDECREF(answer);
    s->in_record = s->unusual = 0;
    return answer == NULL ? FAILED : GO_ON;
}

/* An element that the tables know has ended. */
static int leave(Scan *s)
{
    const Frame *frame = &s->frames[--s->depth];
    s->odd |= !frame->filled; /* without elements it is a leaf */
    for (int i = 0; i < frame->table->count; i++) {
        const Entry *entry = &frame->table->entries[i];
        s->odd |= entry->times && s->seen[entry->table] != entry->times;
        if (entry->kind != LATER) continue;
        if (put_term(&s->terms, entry->prefix, s->slots[entry->slot])) return FAILED;
        s->slots[entry->slot] = (Piece){NULL, 0};
    }
    return GO_ON;
}

static int end_element(Scan *s)
{
    int status = pass_end_tag(s);
    if (status) return status;
    if (s->passing) s->passing--;
    else if (leave(s)) return FAILED;
    if (s->odd && (status = lose(s))) return status;
    return s->in_record && s->depth == 2 && s->passing == 0 ? finish_record(s) : GO_ON;
}

static int start_record(Scan *s, const Tag *tag)
{
    if (tag->empty || s->depth != 2) return GIVE_UP;
    s->in_record = 1;
    s->terms.n = 0;
    memset(s->slots, 0, sizeof s->slots);
    memset(s->seen, 0, sizeof s->seen);
    if (patch(s, s->at - 1, s->at - 1, "")) return FAILED;
    for (int i = 0; i < s->outer; i++) {
        int again = 0;
        for (int j = s->outer; j < s->all; j++) again |= same(s->declared[i].prefix, s->declared[j].prefix);
        if (again) continue;
        Piece prefix = s->declared[i].prefix, uri = s->declared[i].uri;
        if (put(&s->written, " xmlns:", prefix.n ? 7 : 6) || put(&s->written, prefix.at, prefix.n) ||
            put(&s->written, "=\"", 2) || put(&s->written, uri.at, uri.n) || put(&s->written, "\"", 1))
            return FAILED;
    }
    return GO_ON;
}

static void keep(Scan *s, int slot, Piece value)
{
    s->odd |= slot >= MAX_SLOTS || s->slots[slot].at != NULL; /* twice */
    if (slot < MAX_SLOTS) s->slots[slot] = value;
}

/* A known element with text and nothing else; anything else in it is unusual, but for what is passed over. */
static int take_leaf(Scan *s, const Entry *entry, const Tag *tag, int base)
{
    Piece text = {tag->empty ? "" : s->at, 0};
    int status;
    if (!tag->empty) {
        if ((status = pass_text(s))) return status;
        if (s->at[1] != '/') {
            s->passing = 1;
            s->odd |= entry->kind != PASS;
            return GO_ON;
        }
        text.n = s->at - text.at;
        if ((status = pass_end_tag(s))) return status;
    }
    if (entry->kind == WRITE || entry->kind == PASS) return put_term(&s->terms, entry->prefix, text);
    keep(s, entry->slot + (entry->kind == KEEP ? base : 0), text);
    return GO_ON;
}

static int enter(Scan *s, const Entry *entry, const Tag *tag, int base)
{
    if (s->depth == MAX_FRAMES) return GIVE_UP;
    if (s->depth == 1) {
        if (!tag->bound) return GIVE_UP;
        s->outer = s->all;
    }
    if (entry->kind == RECORD) {
        int status = start_record(s, tag);
        if (status) return status;
    }
    int before = entry->times ? s->seen[entry->table]++ : 0;
    s->odd |= tag->empty || (entry->times && before >= entry->times);
    if (tag->attributes && entry->slot >= 0) keep(s, entry->slot, tag->value);
    if (tag->empty) return GO_ON;
    s->frames[s->depth++] = (Frame){&s->rules->tables[entry->table], base + entry->step * before, 0, 0};
    return GO_ON;
}

/* Find a name. Elements come in the order of the tables, mostly, so the search starts at the last one found. */
static const Entry *known(Frame *frame, Piece name)
{
    for (int i = 0; i < frame->table->count; i++) {
        int place = frame->next + i < frame->table->count ? frame->next + i : frame->next + i - frame->table->count;
        if (!same(frame->table->entries[place].name, name)) continue;
        frame->next = place;
        return &frame->table->entries[place];
    }
    return NULL;
}

static int is_as_known(const Scan *s, const Entry *entry, const Tag *tag)
{
    return !tag->foreign && same(tag->prefix, s->prefix) &&
           (tag->attributes == 0 || (tag->attributes == 1 && same(tag->attribute, entry->attribute)));
}

static int start_element(Scan *s)
{
    Tag tag;
    if (!s->in_record) { /* this may be one: what libxml2 writes begins here */
        s->run = s->at;
        s->written.n = 0;
        s->all = s->outer;
    }
    int status = take_tag(s, &tag);
    if (status) return status;
    Frame *frame = &s->frames[s->depth - 1];
    const Entry *entry = s->passing ? NULL : known(frame, tag.local);
    frame->filled |= !s->passing;
    if (entry == NULL) {
        if (same(tag.local, s->rules->record)) return GIVE_UP; /* one inside another, or somewhere else */
        s->odd |= (!s->passing && !frame->table->open) || tag.attributes != tag.languages;
        s->passing += !tag.empty;
    } else if (is_as_known(s, entry, &tag))
        status = entry->kind < INSIDE ? take_leaf(s, entry, &tag, frame->base) : enter(s, entry, &tag, frame->base);
    else {
        s->odd = 1;
        s->passing = !tag.empty;
    }
    return status == GO_ON && s->odd ? lose(s) : status;
}

/* --- from and to Python -------------------------------------------------------------------------------------- */

static void forget(PyObject *capsule)
{
    Rules *rules = PyCapsule_GetPointer(capsule, "scanning rules");
    Py_XDECREF(rules->source);
    PyMem_Free(rules);
}

static int load_entry(Entry *e, PyObject *from, int tables)
{
    return PyArg_ParseTuple(from, "iy#y#y#iiii", &e->kind, &e->name.at, &e->name.n, &e->prefix.at, &e->prefix.n,
                            &e->attribute.at, &e->attribute.n, &e->slot, &e->table, &e->times, &e->step) &&
           e->kind >= 0 && e->kind < KINDS && e->table >= 0 && e->table < tables && e->slot < MAX_SLOTS &&
           e->slot >= (e->kind == LATER || e->kind == KEEP ? 0 : -1) && e->times >= 0 &&
           e->step >= 0 && e->step <= MAX_SLOTS && (e->step == 0 || e->times > 0);
}

/* load(tables, space, record, kept): check the tables; `source` owns all names and prefixes. */
static PyObject *load(PyObject *self, PyObject *source)
{
    (void)self;
    PyObject *tables = NULL, *entries = NULL;
    Rules *rules = PyMem_Calloc(1, sizeof *rules);
    if (rules == NULL) return PyErr_NoMemory();
    int fine = PyArg_ParseTuple(source, "O!y#y#i", &PyTuple_Type, &tables, &rules->space.at, &rules->space.n,
                                &rules->record.at, &rules->record.n, &rules->kept);
    Py_ssize_t count = fine ? PyTuple_Size(tables) : 0, size;
    fine = fine && count > 0 && count <= MAX_TABLES && rules->kept >= 0 && rules->kept <= MAX_SLOTS;
    for (int i = 0; fine && i < count; i++) {
        Table *table = &rules->tables[i];
        fine = PyArg_ParseTuple(PyTuple_GetItem(tables, i), "pO!", &table->open, &PyTuple_Type, &entries);
        size = fine ? PyTuple_Size(entries) : 0;
        fine = fine && size <= MAX_ENTRIES;
        for (; fine && table->count < size; table->count++)
            fine = load_entry(&table->entries[table->count], PyTuple_GetItem(entries, table->count), (int)count);
    }
    PyObject *capsule = fine ? PyCapsule_New(rules, "scanning rules", forget) : NULL;
    if (capsule == NULL) {
        PyMem_Free(rules);
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "these tables are not what this was built for");
        return NULL;
    }
    Py_INCREF(source);
    rules->source = source;
    return capsule;
}

/* scan(rules, document, start, take): call take() for each record, in order; False for giving up on the rest. */
static PyObject *scan(PyObject *self, PyObject *arguments)
{
    (void)self;
    PyObject *capsule, *document, *take;
    Py_ssize_t start;
    Scan s = {0};
    int status = GO_ON;
    if (!PyArg_ParseTuple(arguments, "OO!nO", &capsule, &PyBytes_Type, &document, &start, &take)) return NULL;
    s.rules = PyCapsule_GetPointer(capsule, "scanning rules");
    char *data = PyBytes_AsString(document);
    Py_ssize_t size = PyBytes_Size(document);
    if (s.rules == NULL || data == NULL) return NULL;
    if (start < 0 || start > size || size > INT_MAX || memchr(data, '\r', (size_t)size) != NULL) Py_RETURN_FALSE;
    s.take = take;
    s.at = s.run = data + start;
    s.end = data + size;
    s.frames[s.depth++].table = &s.rules->tables[0];
    do {
        status = pass_text(&s);
        if (status == GO_ON && s.odd) status = lose(&s);
        if (status == GO_ON)
            status = s.at[1] == '/' ? end_element(&s) : s.at[1] == '!' || s.at[1] == '?' ? GIVE_UP : start_element(&s);
    } while (status == GO_ON && s.depth > 1);
    PyMem_Free(s.terms.data);
    PyMem_Free(s.written.data);
    return status == FAILED ? NULL : PyBool_FromLong(status == GO_ON);
}

static PyMethodDef METHODS[] = {
    {"load", load, METH_VARARGS, NULL}, {"scan", scan, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef MODULE = {PyModuleDef_HEAD_INIT, "_scanning", NULL, 0, METHODS, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__scanning(void) { return PyModuleDef_Init(&MODULE); }
