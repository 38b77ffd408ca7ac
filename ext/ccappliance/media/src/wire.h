/* A wire: what a port writes its frames to and reads them from, one A-law frame of 20 ms each way per tick.
 *
 * A memory wire joins two ends ticked by the same metronome, in either order. Frames are stamped with the beat in which
 * they were written; at beat k an end reads the frame stamped k-1 while the other may already have written k into the
 * second buffer. So no frame is lost or repeated, whoever comes first, and nothing needs a lock.
 */
#ifndef CCAPPLIANCE_WIRE_H
#define CCAPPLIANCE_WIRE_H

#include <stdint.h>
#include <string.h>

enum { WIRE_FRAME = 160 };
enum { WIRE_MEMORY = 1 }; /* a file descriptor (DAHDI) becomes a kind of its own in wire_read and wire_write */
enum { FRAME_MISSED = -1, FRAME_NONE = 0, FRAME_QUIET = 1, FRAME_SOUND = 2 };

typedef struct {
    int64_t beat; /* in which it was written; 0: never */
    int sound;    /* FRAME_QUIET: idle codes only, `code` was not written */
    uint8_t code[WIRE_FRAME];
} wire_frame_t;

typedef struct { /* one direction, named after the end that writes it */
    int64_t since; /* beat in which a port was attached to that end; 0: nobody is */
    wire_frame_t frame[2];
} wire_way_t;

typedef struct {
    int kind;
    wire_way_t way[2];
} wire_t;

static inline void wire_attach(wire_t *wire, int end, int64_t beat) { wire->way[end].since = beat; }

static inline void wire_detach(wire_t *wire, int end) { wire->way[end].since = 0; }

/* FRAME_SOUND and *code; FRAME_QUIET; FRAME_NONE when nobody is at the other end; FRAME_MISSED when he did not write. */
static inline int wire_read(wire_t *wire, int end, int64_t beat, const uint8_t **code) {
    wire_way_t *way = &wire->way[1 - end];
    wire_frame_t *frame = &way->frame[(beat - 1) & 1];
    if (frame->beat == beat - 1 && beat > 1) {
        *code = frame->code;
        return frame->sound;
    }
    return way->since != 0 && way->since < beat ? FRAME_MISSED : FRAME_NONE;
}

/* Where to put the frame of this beat: fill the answer, then call wire_write. */
static inline uint8_t *wire_room(wire_t *wire, int end, int64_t beat) { return wire->way[end].frame[beat & 1].code; }

static inline void wire_write(wire_t *wire, int end, int64_t beat, int sound) {
    wire_frame_t *frame = &wire->way[end].frame[beat & 1];
    frame->sound = sound;
    frame->beat = beat;
}

#endif
