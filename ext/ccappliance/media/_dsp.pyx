# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The kernels as Python objects, for tests, tools and rendering: ccappliance/media/dsp.py is the only module that imports it.
#
# PCM is bytes: int16 little endian, 8 kHz, mono. The frame path does not come through here: the engine cimports the kernels.
from libc.stdint cimport int16_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from ccappliance.media._alaw cimport alaw_decode as _alaw_decode
from ccappliance.media._alaw cimport alaw_encode as _alaw_encode
from ccappliance.media._bank cimport bank_feed, bank_init, bank_next, bank_t
from ccappliance.media._dtmf cimport (dtmf_ear_init, dtmf_ear_t, dtmf_fillin, dtmf_hop, dtmf_init, dtmf_mute, dtmf_reset,
                                      dtmf_run, dtmf_t)
from ccappliance.media._fsk cimport (FSK_BELL202, FSK_V23, fsk_rx_fillin, fsk_rx_init, fsk_rx_reset, fsk_rx_run,
                                     fsk_rx_t, fsk_tx, fsk_tx_samples)
from ccappliance.media._match cimport match_fillin, match_init, match_reset, match_run, match_t
from ccappliance.media._mf cimport MF_EVENTS, MF_PLANS, mf_fillin, mf_init, mf_run, mf_t
from ccappliance.media._progress cimport (PROGRESS_EVENTS, PROGRESS_PATTERNS, progress_cadence, progress_ear_init,
                                          progress_ear_t, progress_event_t, progress_fillin, progress_hop, progress_init,
                                          progress_reset, progress_run, progress_t,
                                          progress_zone_t)
from ccappliance.media._signal cimport (SIGNAL_EVENTS, signal_ear_init, signal_ear_t, signal_event_t, signal_hop,
                                        signal_fillin, signal_init, signal_reset, signal_run,
                                        signal_t)
from ccappliance.media._tone cimport TONE_SINES, TONE_STEPS, tone_run, tone_start, tone_stop, tone_t

MAX_PATTERNS = PROGRESS_PATTERNS
MAX_STEPS = TONE_STEPS
MAX_SINES = TONE_SINES
HEARD, ENDED, VOICE = 1, 2, 3       # progress_kind_t
V23, BELL202 = FSK_V23, FSK_BELL202

cdef enum:
    HOP = 40                        # samples of the bank's step
    FRAME = 160                     # samples given to a kernel at once: as the engine does
    DIGITS = 4


cdef Py_ssize_t _samples(bytes pcm) except -1:
    if pcm is None:
        raise TypeError("PCM must be bytes, not None")
    if len(pcm) % 2:
        raise ValueError("PCM is int16: its length in bytes must be even, not %d" % len(pcm))
    if len(pcm) > 0x7FFFFFFF:
        raise ValueError("at most 2 GiB of PCM at once")
    return len(pcm) // 2


cdef const int16_t *_pcm(bytes pcm):
    return <const int16_t *><const char *>pcm


def alaw_decode(bytes code not None):
    """A-law codes to PCM."""
    cdef bytes pcm = bytes(2 * len(code))
    _alaw_decode(<const uint8_t *><const char *>code, <int16_t *><char *>pcm, <int>len(code))
    return pcm


def alaw_encode(bytes pcm not None):
    """PCM to A-law codes."""
    cdef Py_ssize_t n = _samples(pcm)
    cdef bytes code = bytes(n)
    _alaw_encode(_pcm(pcm), <uint8_t *><char *>code, <int>n)
    return code


cdef class Dtmf:
    """The ear for DTMF. `sounding`: None, or the digit that is on and the sample at which it began."""

    cdef dtmf_t ear
    cdef int64_t ended                  # as far as the digit on was heard

    def __cinit__(self):
        dtmf_init(&self.ear)

    def reset(self):
        dtmf_reset(&self.ear)

    def run(self, bytes pcm not None):
        """The digits that became certain in these samples."""
        cdef Py_ssize_t n = _samples(pcm), at = 0
        cdef const int16_t *x = _pcm(pcm)
        cdef char digits[DIGITS]
        cdef int count
        told = []
        while at < n:
            count = dtmf_run(&self.ear, x + at, <int>min(FRAME, n - at), digits, DIGITS)
            if count:
                told.append(digits[:count].decode("ascii"))
            at += FRAME
        return "".join(told)

    def follow(self, bytes pcm not None):
        """The digits that ended in these samples: (digit, began, ended) in samples since the ear was opened.

        One that goes over into another without a pause ends where that begins.
        """
        cdef Py_ssize_t n = _samples(pcm), at = 0
        cdef const int16_t *x = _pcm(pcm)
        cdef char digits[DIGITS]
        cdef int count, taken
        over = []
        while at < n:
            before = self.sounding
            taken = <int>min(HOP, n - at)       # at most one hop becomes whole: one thing happens at a time
            count = dtmf_run(&self.ear, x + at, taken, digits, DIGITS)
            if before is not None and (count or self.ear.ear.on < 0):
                over.append((*before, self.ended if count else self.ear.ear.ended))
            self.ended = self.ear.ear.ended
            at += taken
        return over

    @property
    def sounding(self):
        if self.ear.ear.on < 0:
            return None
        return "123A456B789C*0#D"[self.ear.ear.on], self.ear.ear.began

    @property
    def mute(self):
        """Does a digit sound, or seem to, at the end of what was heard? Earlier than it is told: for what must not leak."""
        return dtmf_mute(&self.ear.ear)

    def fillin(self, int n):
        """`n` samples were lost."""
        dtmf_fillin(&self.ear, n)


cdef class Progress:
    """The ear for call progress; `patterns`: up to 8 of (hz tuple of one or two, on_ms, off_ms[, cadence]).

    A cadence of two ons is its four times in ms; on_ms and off_ms are then its first on and longest off.
    """

    cdef progress_t ear
    cdef progress_zone_t zone

    def __cinit__(self, patterns):
        if len(patterns) > PROGRESS_PATTERNS:
            raise ValueError("a zone has at most %d recognised patterns, not %d" % (PROGRESS_PATTERNS, len(patterns)))
        memset(&self.zone, 0, sizeof(self.zone))
        for hz, on_ms, off_ms, *cadence in patterns:
            if not 1 <= len(hz) <= 2 or min(hz) < 100 or max(hz) > 3600:
                raise ValueError("a pattern has one or two frequencies of 100 to 3600 Hz, not %r" % (hz,))
            if not 0 < on_ms <= 60000 or not 0 <= off_ms <= 60000:
                raise ValueError("on must be 1 to 60000 ms and off 0 to 60000 ms, not %r/%r" % (on_ms, off_ms))
            self.zone.patterns[self.zone.count].hz[0] = hz[0]
            self.zone.patterns[self.zone.count].hz[1] = hz[1] if len(hz) > 1 else 0.0
            self.zone.patterns[self.zone.count].on_ms = on_ms
            self.zone.patterns[self.zone.count].off_ms = off_ms
            progress_cadence(&self.zone.patterns[self.zone.count], cadence[0] if cadence else ())
            self.zone.count += 1
        progress_init(&self.ear, &self.zone)

    def reset(self):
        progress_reset(&self.ear)

    def run(self, bytes pcm not None):
        """Events in these samples: (kind, pattern), pattern -1 for VOICE."""
        cdef Py_ssize_t n = _samples(pcm), at = 0
        cdef const int16_t *x = _pcm(pcm)
        cdef progress_event_t events[PROGRESS_EVENTS]
        cdef int count, k
        told = []
        while at < n:
            count = progress_run(&self.ear, x + at, <int>min(FRAME, n - at), events, PROGRESS_EVENTS)
            for k in range(count):
                told.append((events[k].kind, events[k].pattern))
            at += FRAME
        return told

    def fillin(self, int n):
        """`n` samples were lost."""
        progress_fillin(&self.ear, n)


cdef class Signal:
    """The ear for SIT, fax and modem."""

    cdef signal_t ear

    def __cinit__(self):
        signal_init(&self.ear)

    def reset(self):
        signal_reset(&self.ear)

    def run(self, bytes pcm not None):
        """Events in these samples: (index in ports.SIGNALS, is it over?)."""
        cdef Py_ssize_t n = _samples(pcm), at = 0
        cdef const int16_t *x = _pcm(pcm)
        cdef signal_event_t events[SIGNAL_EVENTS]
        cdef int count, k
        told = []
        while at < n:
            count = signal_run(&self.ear, x + at, <int>min(FRAME, n - at), events, SIGNAL_EVENTS)
            for k in range(count):
                told.append((events[k].signal, events[k].ended != 0))
            at += FRAME
        return told

    def fillin(self, int n):
        """`n` samples were lost."""
        signal_fillin(&self.ear, n)


cdef struct channel_t:
    bank_t bank
    dtmf_ear_t dtmf
    progress_ear_t progress
    signal_ear_t signal


cdef class Mf:
    """Signals of two tones of six in a stream; plans are 0 forward, 1 backward, 2 R1."""

    cdef mf_t ear

    def __init__(self, int plan):
        if not 0 <= plan < MF_PLANS:
            raise ValueError(f"no plan {plan}")
        mf_init(&self.ear, plan)

    def run(self, bytes pcm not None):
        """Signals that began (1 to 15) and ended (0), each with the samples taken when it was told."""
        cdef Py_ssize_t n = _samples(pcm), at = 0
        cdef const int16_t *x = _pcm(pcm)
        cdef int events[MF_EVENTS]
        cdef int i, taken
        told = []
        while at < n:
            taken = <int>min(HOP, n - at)
            for i in range(mf_run(&self.ear, x + at, taken, events, MF_EVENTS)):
                told.append((events[i], at + taken))
            at += taken
        return told

    def fillin(self, int n):
        mf_fillin(&self.ear, n)


cdef class Channels:
    """The ears for DTMF, progress and signals of many channels, each on one bank, in one call: as the tick runs them."""

    cdef channel_t *channels
    cdef int count
    cdef Progress zone              # keeps the zone

    def __cinit__(self, int count, patterns):
        cdef int k
        if not 1 <= count <= 4096:
            raise ValueError("there are 1 to 4096 channels, not %d" % count)
        self.zone = Progress(patterns)
        self.count = count
        self.channels = <channel_t *>calloc(count, sizeof(channel_t))
        if self.channels == NULL:
            raise MemoryError
        for k in range(count):
            bank_init(&self.channels[k].bank, &self.zone.zone.table)
            dtmf_ear_init(&self.channels[k].dtmf)
            progress_ear_init(&self.channels[k].progress, &self.zone.zone)
            signal_ear_init(&self.channels[k].signal)

    def __dealloc__(self):
        free(self.channels)

    def run(self, bytes code not None):
        """One frame of A-law of every channel, one after the other: how many facts the ears told."""
        cdef const uint8_t *frames = <const uint8_t *><const char *>code
        cdef int k, told = 0
        if len(code) != self.count * FRAME:
            raise ValueError("a frame of %d channels is %d bytes, not %d" % (self.count, self.count * FRAME, len(code)))
        with nogil:
            for k in range(self.count):
                told += _hear(&self.channels[k], frames + k * FRAME)
        return told


cdef int _hear(channel_t *channel, const uint8_t *code) noexcept nogil:
    cdef progress_event_t tones[PROGRESS_EVENTS]
    cdef signal_event_t signals[SIGNAL_EVENTS]
    cdef int16_t x[FRAME]
    cdef int told = 0, at = 0
    _alaw_decode(code, x, FRAME)
    while at < FRAME:
        at += bank_feed(&channel.bank, &x[at], FRAME - at)
        while bank_next(&channel.bank):
            told += dtmf_hop(&channel.dtmf, &channel.bank) != 0
            told += progress_hop(&channel.progress, &channel.bank, tones)
            told += signal_hop(&channel.signal, &channel.bank, signals)
    return told


cdef class FskReceiver:
    """The ear for caller ID data of both standards."""

    cdef fsk_rx_t ear

    def __cinit__(self):
        fsk_rx_init(&self.ear)

    def reset(self):
        fsk_rx_reset(&self.ear)

    def run(self, bytes pcm not None):
        """The messages that became whole in these samples."""
        cdef Py_ssize_t n = _samples(pcm), at = 0
        cdef const int16_t *x = _pcm(pcm)
        told = []
        while at < n:
            if fsk_rx_run(&self.ear, x + at, <int>min(FRAME, n - at)):
                told.append(bytes(self.ear.message[:self.ear.length]))
            at += FRAME
        return told

    def fillin(self, int n):
        """`n` samples were lost."""
        fsk_rx_fillin(&self.ear, n)


cdef class Match:
    """The ear for one sound."""

    cdef match_t ear

    def __cinit__(self, bytes sound not None):
        match_init(&self.ear, _pcm(sound), <int>_samples(sound))

    @property
    def best(self):
        """The greatest likeness of the exact looks so far, 0 to 1; 0 also when nothing came near enough for one."""
        return self.ear.best

    @property
    def needle(self):
        """Samples of the sound that are looked for; 0: it can never be heard."""
        return self.ear.length

    def reset(self):
        match_reset(&self.ear)

    def run(self, bytes pcm not None):
        """Has it arrived in these samples?"""
        return match_run(&self.ear, _pcm(pcm), <int>_samples(pcm)) != 0

    def fillin(self, int n):
        """`n` samples were lost."""
        match_fillin(&self.ear, n)


cdef class ToneGenerator:
    """The mouth for tones; `steps`: up to 32 of (hz tuple of at most 4, amplitude, samples or None for ever)."""

    cdef tone_t tone

    def __cinit__(self, steps, int rounds=0):
        cdef int k
        if len(steps) > TONE_STEPS:
            raise ValueError("a tone has at most %d steps, not %d" % (TONE_STEPS, len(steps)))
        memset(&self.tone, 0, sizeof(self.tone))
        for hz, peak, samples in steps:
            if len(hz) > TONE_SINES:
                raise ValueError("a step has at most %d frequencies, not %d" % (TONE_SINES, len(hz)))
            for k in range(len(hz)):
                if not 0 <= hz[k] < 4000:
                    raise ValueError("a frequency must be below 4000 Hz, not %r" % (hz[k],))
                self.tone.steps[self.tone.count].hz[k] = hz[k]
            self.tone.steps[self.tone.count].peak = peak
            self.tone.steps[self.tone.count].samples = -1 if samples is None else samples
            self.tone.count += 1
        tone_start(&self.tone, rounds)

    def run(self, Py_ssize_t n):
        """The next `n` samples, fewer when it ends."""
        if not 0 <= n <= 0x3FFFFFFF:
            raise ValueError("samples must be 0 to 2**30, not %d" % n)
        cdef bytes pcm = bytes(2 * n)
        cdef int made = tone_run(&self.tone, <int16_t *><char *>pcm, <int>n)
        return pcm if made == n else pcm[:2 * made]

    def stop(self):
        """Fade out within 5 ms of further samples."""
        tone_stop(&self.tone)


def fsk_send(bytes data not None, int standard, int seizure, int mark, float peak):
    """PCM of one transmission: seizure and mark in bits, bytes as they are."""
    if standard != FSK_V23 and standard != FSK_BELL202:
        raise ValueError("the standard is V23 or BELL202, not %d" % standard)
    if len(data) > 100000 or not 0 <= seizure <= 100000 or not 0 <= mark <= 100000:
        raise ValueError("at most 100000 bytes, bits of seizure and bits of mark")
    cdef int n = fsk_tx_samples(<int>len(data), seizure, mark)
    cdef bytes pcm = bytes(2 * n)
    fsk_tx(<const uint8_t *><const char *>data, <int>len(data), standard, seizure, mark, peak, <int16_t *><char *>pcm, n)
    return pcm
