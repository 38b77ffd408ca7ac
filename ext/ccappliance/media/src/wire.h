/* A wire: what a port writes its frames to and reads them from, one A-law frame of 20 ms each way per tick.
 *
 * A memory wire joins two ends ticked by the same metronome, in either order. Frames are stamped with the beat in which
 * they were written; at beat k an end reads the frame stamped k-1 while the other may already have written k into the
 * second buffer. So no frame is lost or repeated, whoever comes first, and nothing needs a lock.
 *
 * A file wire is a card's channel: frames are read from and written to its file descriptor, which never waits. The
 * card's own buffers take up the jitter between its clock and the tick. The descriptor's number never changes: a card
 * that is gone, or comes back, is put behind it with dup2, which the tick need not know.
 */
#ifndef CCAPPLIANCE_WIRE_H
#define CCAPPLIANCE_WIRE_H

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum { WIRE_FRAME = 160 };
enum { WIRE_MEMORY = 1, WIRE_FILE = 2 };
enum { FRAME_MISSED = -1, FRAME_NONE = 0, FRAME_QUIET = 1, FRAME_SOUND = 2 };
enum {
    WIRE_IDLE_CODE = 0xD5, /* G.711: positive zero with even bits inverted */
    WIRE_EVENT_WAITS = 500, /* errno: DAHDI's ELAST; the loop fetches the event, the tick goes on without the frame */
    WIRE_PIECES = 8,       /* reads or writes of a frame that comes or goes in pieces; more is no card */
    WIRE_BACKLOG = 32,     /* frames a card can hold (DAHDI_MAX_NUM_BUFS) */
    WIRE_BEGINS = 5,       /* beats after attaching in which no frame is no fault: the card's buffer fills first */
    WIRE_PROBE = 256,      /* every so many beats (5 s) the delay is looked at */
    WIRE_SETTLE = 8,       /* and in so many after a frame was missed, for what was missed comes later */
    WIRE_CERTAIN = 4       /* looks in a row that must find two frames waiting: a tick that is late finds one more */
};

typedef struct {
    int64_t beat; /* in which it was written; 0: never */
    int sound;    /* FRAME_QUIET: idle codes only, `code` was not written */
    uint8_t code[WIRE_FRAME];
} wire_frame_t;

typedef struct { /* one direction, named after the end that writes it */
    int64_t since; /* beat in which a port was attached to that end; 0: nobody is */
    wire_frame_t frame[2];
} wire_way_t;

typedef struct {    /* what the loop reads and writes of a file wire at any time */
    counter_t frames;   /* read whole */
    counter_t missing;  /* missed in a row, now */
    counter_t missed;   /* ever */
    counter_t unsent;   /* frames the card would not take */
    counter_t dropped;  /* frames left out because the card's clock runs ahead, or after a stall */
    counter_t events;   /* reads and writes refused because an event waited */
    counter_t held;     /* 1: write nothing, because the card dials and a write would end that */
} wire_counters_t;

typedef struct {
    counter_t gone; /* 1: nothing to read or write: set by the first channel that finds the card removed */
} wire_card_t;

typedef struct {
    int fd;
    int filled; /* bytes of `part` that are there */
    int ahead;  /* `next` is a frame read early */
    int late;   /* `unsent` is a frame the card could not take a tick ago */
    int settle; /* beats in which the delay is looked at */
    int excess; /* looks in a row that found two frames waiting */
    wire_card_t *card;
    wire_counters_t count;
    uint8_t part[WIRE_FRAME];
    uint8_t in[WIRE_FRAME];
    uint8_t next[WIRE_FRAME];
    uint8_t out[WIRE_FRAME];
    uint8_t unsent[WIRE_FRAME];
} wire_file_t;

typedef struct {
    int kind;
    wire_way_t way[2];
    wire_file_t file;
} wire_t;

/* ---- a card's channel ---- */

static inline void wire_refused(wire_file_t *file, int error) {
    if (error == WIRE_EVENT_WAITS) counter_add(&file->count.events, 1);
    if (error == ENODEV) counter_set(&file->card->gone, 1); /* asking again would cost 5 ms of every tick */
}

/* 1: a whole frame is in `to`. What comes in pieces is put together, over several ticks if need be. */
static inline int wire_take(wire_file_t *file, uint8_t *to) {
    for (int i = 0; i < WIRE_PIECES && !counter_get(&file->card->gone); i++) {
        ssize_t n = read(file->fd, file->part + file->filled, (size_t)(WIRE_FRAME - file->filled));
        if (n <= 0) {
            if (n < 0) wire_refused(file, errno);
            return 0;
        }
        file->filled += (int)n;
        if (file->filled == WIRE_FRAME) {
            file->filled = 0;
            memcpy(to, file->part, WIRE_FRAME);
            return 1;
        }
    }
    return 0;
}

/* A delay that a stall left behind is taken back a frame at a time: one frame waiting is the jitter's, two are late.
 * Where none was missed they must be found again and again: one may have come while this tick itself was late. */
static inline void wire_probe(wire_file_t *file) {
    struct pollfd another = {.fd = file->fd, .events = POLLIN};
    int two = 0;
    file->ahead = wire_take(file, file->next);
    if (file->ahead) two = poll(&another, 1, 0) == 1 && (another.revents & POLLIN);
    file->excess = two ? file->excess + 1 : 0;
    if (!two || (!file->settle && file->excess < WIRE_CERTAIN)) return;
    memcpy(file->in, file->next, WIRE_FRAME); /* the older one is never heard */
    file->ahead = 0;
    file->excess = 0;
    counter_add(&file->count.dropped, 1);
}

static inline int wire_file_read(wire_file_t *file, int64_t beat, int64_t since, const uint8_t **code) {
    int whole;
    if (beat <= since + 1) { /* what the card has heard before anybody listened */
        file->ahead = 0;
        for (int i = 0; i < WIRE_BACKLOG && wire_take(file, file->in); i++) {
        }
        return FRAME_NONE;
    }
    if (file->ahead) {
        memcpy(file->in, file->next, WIRE_FRAME);
        file->ahead = 0;
        whole = 1;
    } else {
        whole = wire_take(file, file->in);
        if (whole && (file->settle || file->excess || beat % WIRE_PROBE == 0)) wire_probe(file);
        if (whole && file->settle) file->settle--;
    }
    if (!whole) {
        if (counter_get(&file->count.frames) == 0 && beat < since + WIRE_BEGINS) return FRAME_NONE;
        file->settle = WIRE_SETTLE;
        counter_add(&file->count.missing, 1);
        counter_add(&file->count.missed, 1);
        return FRAME_MISSED;
    }
    counter_add(&file->count.frames, 1);
    counter_set(&file->count.missing, 0);
    *code = file->in;
    /* idle codes only: the first, and each the same as the one before it */
    if (file->in[0] == WIRE_IDLE_CODE && memcmp(file->in, file->in + 1, WIRE_FRAME - 1) == 0) return FRAME_QUIET;
    return FRAME_SOUND;
}

/* 1: the card has the frame; 0: it has no room; -1: an event waits, and it will have room when that is fetched. */
static inline int wire_give(wire_file_t *file, const uint8_t *from) {
    int sent = 0;
    for (int i = 0; i < WIRE_PIECES && sent < WIRE_FRAME && !counter_get(&file->card->gone); i++) {
        ssize_t n = write(file->fd, from + sent, (size_t)(WIRE_FRAME - sent));
        if (n <= 0) {
            int error = n < 0 ? errno : 0;
            wire_refused(file, error);
            return error == WIRE_EVENT_WAITS ? -1 : 0;
        }
        sent += (int)n;
    }
    return sent == WIRE_FRAME;
}

/* Idle codes are written as well: a card that is given nothing counts an underrun. */
static inline void wire_file_write(wire_file_t *file, int sound) {
    if (counter_get(&file->count.held)) return;
    if (sound != FRAME_SOUND) memset(file->out, WIRE_IDLE_CODE, WIRE_FRAME);
    if (file->late && wire_give(file, file->unsent) < 1) counter_add(&file->count.unsent, 1);
    file->late = 0;
    int given = wire_give(file, file->out);
    if (given < 0) { /* the card's reserve lasts for a tick: then both are written */
        memcpy(file->unsent, file->out, WIRE_FRAME);
        file->late = 1;
    } else if (given == 0) {
        counter_add(&file->count.unsent, 1);
    }
}

/* ---- either kind ---- */

static inline void wire_attach(wire_t *wire, int end, int64_t beat) { wire->way[end].since = beat; }

static inline void wire_detach(wire_t *wire, int end) { wire->way[end].since = 0; }

/* FRAME_SOUND and *code; FRAME_QUIET; FRAME_NONE when nobody is at the other end; FRAME_MISSED when he did not write. */
static inline int wire_read(wire_t *wire, int end, int64_t beat, const uint8_t **code) {
    if (wire->kind == WIRE_FILE) return wire_file_read(&wire->file, beat, wire->way[end].since, code);
    wire_way_t *way = &wire->way[1 - end];
    wire_frame_t *frame = &way->frame[(beat - 1) & 1];
    if (frame->beat == beat - 1 && beat > 1) {
        *code = frame->code;
        return frame->sound;
    }
    return way->since != 0 && way->since < beat ? FRAME_MISSED : FRAME_NONE;
}

/* Where to put the frame of this beat: fill the answer, then call wire_write. */
static inline uint8_t *wire_room(wire_t *wire, int end, int64_t beat) {
    return wire->kind == WIRE_FILE ? wire->file.out : wire->way[end].frame[beat & 1].code;
}

static inline void wire_write(wire_t *wire, int end, int64_t beat, int sound) {
    if (wire->kind == WIRE_FILE) {
        wire_file_write(&wire->file, sound);
        return;
    }
    wire_frame_t *frame = &wire->way[end].frame[beat & 1];
    frame->sound = sound;
    frame->beat = beat;
}

#endif
