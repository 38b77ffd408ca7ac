/* The peers' receivers without anything around them, for callgrind: benchmarks/instructions.py builds and runs it.
 *
 * receivers LIBRARY KIND ARGUMENT CHANNEL_BYTES ROUNDS SOUND [ECHO]: feeds each channel of SOUND (int16, one after the
 * other) to a fresh receiver, ROUNDS times, 160 samples at once. Two runs of different ROUNDS differ by the work alone. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 160, TAPS = 256, MOST = 1 << 22 };

static void *library;

static void *find(const char *name)
{
    void *found = dlsym(library, name);
    if (!found) {
        fprintf(stderr, "receivers: %s\n", dlerror());
        exit(2);
    }
    return found;
}

static void told_message(void *user, const uint8_t *message, int length) { (void)user, (void)message, (void)length; }
static void told_tone(void *user, int code, int level, int delay) { (void)user, (void)code, (void)level, (void)delay; }

/* China's busy and ringback, and SIT. */
static void *supervisory(void)
{
    static const int steps[3][3][2] = {{{450, 350}, {0, 350}}, {{450, 1000}, {0, 4000}},
                                       {{950, 330}, {1400, 330}, {1800, 330}}};
    void *(*book_of)(void *) = find("super_tone_rx_make_descriptor");
    int (*tone_of)(void *) = find("super_tone_rx_add_tone");
    int (*add)(void *, int, int, int, int, int) = find("super_tone_rx_add_element");
    void *(*init)(void *, void *, void (*)(void *, int, int, int), void *) = find("super_tone_rx_init");
    void *book = book_of(NULL);
    for (int k = 0; k < 3; k++) {
        int tone = tone_of(book);
        for (int i = 0; i < 3; i++)
            if (steps[k][i][1])
                add(book, tone, steps[k][i][0], 0, steps[k][i][1] * 9 / 10, steps[k][i][1] * 11 / 10);
    }
    return init(NULL, book, told_tone, NULL);
}

static void *receiver(const char *kind, int argument)
{
    if (!strcmp(kind, "dtmf_rx"))
        return ((void *(*)(void *, void *, void *))find("dtmf_rx_init"))(NULL, NULL, NULL);
    if (!strcmp(kind, "modem_connect_tones_rx"))
        return ((void *(*)(void *, int, void *, void *))find("modem_connect_tones_rx_init"))(NULL, argument, NULL, NULL);
    if (!strcmp(kind, "adsi_rx"))
        return ((void *(*)(void *, int, void *, void *))find("adsi_rx_init"))(NULL, argument, (void *)told_message, NULL);
    return supervisory();
}

static void once(const char *kind, int argument, int16_t *x, int16_t *echo, int n)
{
    static int16_t out[MOST];
    if (!strncmp(kind, "g711", 4)) {
        int (*run)(void *, void *, const void *, int) = find(kind);
        run(((void *(*)(void *, int))find("g711_init"))(NULL, 0), out, x, n);
    } else if (!strncmp(kind, "speex", 5)) {
        void (*run)(void *, const int16_t *, const int16_t *, int16_t *) = find(kind);
        void *state = ((void *(*)(int, int))find("speex_echo_state_init"))(FRAME, TAPS);
        for (int at = 0; at + FRAME <= n; at += FRAME)
            run(state, echo + at, x + at, out);
    } else {
        int (*run)(void *, const int16_t *, int) = find(kind);
        void *state = receiver(kind, argument);
        for (int at = 0; at + FRAME <= n; at += FRAME)
            run(state, x + at, FRAME);
    }
}

static size_t read_into(const char *path, int16_t *x)
{
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(x, 1, 2 * MOST, file) : 0;
    if (!got) {
        fprintf(stderr, "receivers: cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    return got;
}

int main(int count, char **words)
{
    static int16_t sound[MOST], echo[MOST];
    if (count < 7 || !(library = dlopen(words[1], RTLD_NOW))) {
        fprintf(stderr, "receivers: LIBRARY KIND ARGUMENT CHANNEL_BYTES ROUNDS SOUND [ECHO]\n");
        return 2;
    }
    size_t each = strtoul(words[4], NULL, 10), got = read_into(words[6], sound);
    if (count > 7)
        read_into(words[7], echo);
    for (int round = atoi(words[5]); round > 0; round--)
        for (size_t at = 0; at + each <= got; at += each)
            once(words[2], atoi(words[3]), sound + at / 2, echo + at / 2, (int)(each / 2));
    return 0;
}
