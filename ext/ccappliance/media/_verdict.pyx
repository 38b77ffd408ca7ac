# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The ear that tells a person from a machine after the answer: features, verdict, beep, the greeting's end.
#
# Data sheet
#   does      says once who answered: a person, an answering machine, a fax, an announcement of the network; tells beeps
#             after speech, and where a machine's greeting ends. It is opened when the answer is told.
#   how       the voice ear and a spectrum every 10 ms; 36 features of timing and spectrum; every 100 ms boosted trees of
#             depth 4 (_judge.pyx, made by tools/train_verdict.py) give the probability of a person, and two limits, which
#             change with time, decide. Fax and SIT are told by their tones, and a beep after words by itself is a machine.
#   unsure    after 8 s: a person
#   figures   the proof, looked at once (docs/dsp.md): 98.3 % of persons kept, 85.9 % of machines and announcements found;
#             98.9 and 87.4 % in Chinese, 98.4 and 81.7 % in English; voices of recorded people 97.2 and 78.5 %. A person is
#             known after 1.3 s (median), one in ten only after 5 s; a machine after 3.8 s. Noise of -34...-25 dBm0: 98, 80 %
#   beep      one pure sine of 350-2200 Hz, over -35 dBm0, 150-1500 ms, steady in frequency (15 Hz) and level (4 dB), after
#             speech, within 25 Hz of no tone of the zone; told 100 ms after its end, unless another tone follows (SIT)
#   fax       2100 Hz (CED, with or without phase reversals) for 600 ms, 1.6 s if there was speech; 1100 Hz (CNG) of 500 ms
#             before any speech
#   sit       950, 1400, 1800 Hz in turn (E.180): carrier, at once
#   greeting  over with the beep, or 2 s after the last words of what is no person
#   lost      time passes, the voice ear fills in; tones go on over 40 ms
#   cost      about 20 ns a sample on baseline amd64: for the seconds after an answer, not for all calls always
from libc.math cimport fabs, sqrt
from libc.stdint cimport int16_t, int64_t
from libc.string cimport memset

from ccappliance.media._heard cimport heard_features, heard_hop
from ccappliance.media._judge cimport judge_features, judge_human_above, judge_machine_below, judge_name
from ccappliance.media._pcm cimport PCM_FRAME, pcm_count, pcm_of, pcm_samples
from ccappliance.media._spectrum cimport SPECTRUM_WINDOW, spectrum_look, spectrum_t
from ccappliance.media._voice cimport (VOICE_BEGAN, VOICE_ENDED, VOICE_EVENTS, voice_event_t, voice_fillin, voice_init, voice_push,
                                       voice_reset, voice_t, voice_told)

DEF HOP = 80
DEF SNAPSHOT = 10           # hops between two snapshots: 100 ms
DEF UNSURE = 800            # hops until a person is assumed
DEF EARLIEST = 30           # hops before which nothing is decided
DEF SURE = 2                # snapshots in a row that make a machine
DEF PHRASE = 70             # hops of pause that end a phrase
DEF HEARD_ENOUGH = 15       # hops heard that let the model decide before the voice ear is certain
DEF BEEPED = 0.98           # what a beep after words proves
DEF GREETING = 200          # hops of silence that end a greeting without beep
DEF PURE = 0.85             # share of energy: 7.5 dB over everything else
DEF TONE_LEVEL = -35.0
DEF ASTRAY = 25.0           # Hz that a tone may jump and still be the same
DEF TONE_GAP = 4            # hops that may be missing: a phase reversal of CED
DEF TONE_SURE = 2           # hops of pure tone that are no speech any more
DEF STEADY_HZ = 15.0
DEF STEADY_LEVEL = 4.0      # dB
DEF SHORTEST = 13           # hops: 150 ms less what the window's edges cost
DEF LONGEST = 152
DEF HELD = 10               # hops a beep is held back
DEF CED = 60
DEF CED_AFTER = 160
DEF SIT_GAP = 8             # hops


# ---- tones ----

cdef bint _steady(const pure_t *tone) noexcept nogil:
    return tone.hz_high - tone.hz_low <= STEADY_HZ and tone.level_high - tone.level_low <= STEADY_LEVEL


cdef bint _of_zone(const verdict_t *ear, float hz) noexcept nogil:
    cdef int k
    for k in range(ear.zone_count):
        if fabs(ear.zone[k] - hz) <= ASTRAY:
            return True
    return False


cdef void _answer(verdict_t *ear, int answer, float confidence, verdict_event_t *event) noexcept nogil:
    ear.answer = answer
    event.kind = VERDICT_GIVEN
    event.value = answer
    event.confidence = confidence
    event.begins = event.samples = ear.voice.hops * HOP


cdef void _begin_tone(verdict_t *ear) noexcept nogil:
    cdef pure_t *tone = &ear.tone
    memset(tone, 0, sizeof(pure_t))
    tone.begins = tone.last = ear.voice.hops
    tone.hops = 1
    tone.hz = tone.past_hz[0] = tone.past_hz[1] = ear.look.hz
    tone.past_level[0] = tone.past_level[1] = ear.look.peak_level
    tone.hz_low = tone.level_low = 1e9
    tone.hz_high = tone.level_high = -1e9
    tone.after = ear.first >= 0


cdef void _go_on(verdict_t *ear) noexcept nogil:
    cdef pure_t *tone = &ear.tone
    if tone.hops >= 4:              # what is two hops old is no edge any more, and hops 0 and 1 were the other edge
        tone.hz_low = min(tone.hz_low, tone.past_hz[1])
        tone.hz_high = max(tone.hz_high, tone.past_hz[1])
        tone.level_low = min(tone.level_low, tone.past_level[1])
        tone.level_high = max(tone.level_high, tone.past_level[1])
    tone.past_hz[1] = tone.past_hz[0]
    tone.past_level[1] = tone.past_level[0]
    tone.past_hz[0] = ear.look.hz
    tone.past_level[0] = ear.look.peak_level
    tone.hops += 1
    tone.last = ear.voice.hops
    tone.hz += (ear.look.hz - tone.hz) / tone.hops


cdef int _special(const pure_t *tone) noexcept nogil:
    # its place in a special information tone (E.180: 950, 1400, 1800 Hz +-50 Hz, 330 +-70 ms); 0: none
    if not 22 <= tone.hops <= 44 or tone.hz_high - tone.hz_low > STEADY_HZ:
        return 0
    return 1 if fabs(tone.hz - 950.0) < 60 else 2 if fabs(tone.hz - 1400.0) < 60 else 3 if fabs(tone.hz - 1790.0) < 60 else 0


cdef int _end_tone(verdict_t *ear, verdict_event_t *event) noexcept nogil:
    cdef pure_t *tone = &ear.tone
    cdef int place = _special(tone)
    cdef int told = 0
    if place and place == ear.sit + 1 and (place == 1 or tone.begins - ear.sit_last <= SIT_GAP):
        ear.sit = place
        ear.sit_last = tone.last
    else:
        ear.sit = 1 if place == 1 else 0
        ear.sit_last = tone.last
    if ear.sit == 3:
        ear.held.hops = 0
        ear.special = ANSWER_CARRIER
        if not ear.answer:
            _answer(ear, ANSWER_CARRIER, 0.99, event)
            told = 1
    elif ear.sit < 2 and SHORTEST <= tone.hops <= LONGEST and _steady(tone) and not _of_zone(ear, tone.hz):
        if tone.after:
            ear.held = tone[0]
        elif fabs(tone.hz - 1100.0) <= 38.0 and 42 <= tone.hops <= 58:      # T.30 §4.3.1: 500 ms ± 15 %
            ear.special = ANSWER_FAX
            if not ear.answer:
                _answer(ear, ANSWER_FAX, 0.95, event)
                told = 1
    tone.hops = 0
    return told


cdef int _tones(verdict_t *ear, verdict_event_t *event) noexcept nogil:
    cdef pure_t *tone = &ear.tone
    cdef bint pure = ear.look.purity > PURE and ear.look.peak_level > TONE_LEVEL
    if tone.hops:
        if pure and fabs(ear.look.hz - tone.hz) <= ASTRAY:
            _go_on(ear)
            ear.tonal += 1
            if fabs(tone.hz - 2100.0) <= 20.0 and tone.hops >= (CED_AFTER if tone.after else CED):
                ear.special = ANSWER_FAX
                if not ear.answer:
                    _answer(ear, ANSWER_FAX, 0.99, event)
                    return 1
            if tone.hops == 4 and ear.held.hops and tone.begins - ear.held.last <= SIT_GAP \
                    and fabs(tone.hz - ear.held.hz) > ASTRAY:
                ear.held.hops = 0           # a melody, or a special information tone
        elif (pure and tone.hops >= SHORTEST) or ear.voice.hops - tone.last > TONE_GAP:
            if _end_tone(ear, event):
                return 1
            if pure:
                _begin_tone(ear)
        elif pure and tone.hops < SHORTEST:
            _begin_tone(ear)
    elif pure:
        _begin_tone(ear)
    if ear.held.hops and ear.voice.hops - ear.held.last >= HELD:
        event.kind = VERDICT_BEEP
        event.value = <int>(ear.held.hz + 0.5)
        event.confidence = 1.0
        event.begins = max(ear.held.begins - 2, <int64_t>0) * HOP      # the window is half filled two hops later
        event.samples = (ear.held.last - 1) * HOP
        ear.beep_end = ear.held.last
        ear.beeps += 1
        ear.held.hops = 0
        return 1
    return 0


# ---- speech ----

cdef void _syllables(verdict_t *ear) noexcept nogil:
    # a syllable is a rise of 4 dB that follows a fall of 4 dB
    ear.envelope += 0.4 * (ear.voice.level - ear.envelope)
    if ear.rising:
        ear.turn = max(ear.turn, ear.envelope)
        if ear.envelope < ear.turn - 4.0:
            ear.rising = 0
            ear.turn = ear.envelope
    else:
        ear.turn = min(ear.turn, ear.envelope)
        if ear.envelope > ear.turn + 4.0 and ear.voice.active:
            ear.rising = 1
            ear.syllables += 1
            ear.turn = ear.envelope


cdef void _edge(verdict_t *ear, const voice_event_t *told) noexcept nogil:
    # the voice ear's edges become runs and pauses
    cdef int64_t edge = told.samples // HOP
    cdef int64_t length
    if told.kind == VOICE_BEGAN:
        if ear.first < 0:
            ear.first = ear.phrase_begins = edge
        else:
            if ear.runs == 1:
                ear.pause_first = edge - ear.last
            if edge - ear.last > PHRASE:
                if ear.phrase_first < 0:
                    ear.phrase_first = ear.last - ear.phrase_begins
                ear.phrase_begins = edge
            ear.pause_longest = max(ear.pause_longest, edge - ear.last)
            ear.pause_sum += edge - ear.last
        ear.begins = edge
        ear.runs += 1
    elif told.kind == VOICE_ENDED:
        ear.last = edge
        length = edge - ear.begins
        if ear.runs == 1:
            ear.run_first = length
        ear.run_longest = max(ear.run_longest, length)
        ear.run_sum += length


cdef void _words(verdict_t *ear) noexcept nogil:
    cdef voice_event_t told
    if voice_told(&ear.voice, &told):
        _edge(ear, &told)
    if ear.voice.talking:
        ear.last = ear.voice.last + 1


cdef void _sums(verdict_t *ear) noexcept nogil:
    cdef const spectrum_t *look = &ear.look
    if ear.voice.active:
        ear.spoken += 1
        ear.tune += fabs(ear.voice.level - ear.past_level)
        ear.tilt += look.tilt
        ear.flatness += look.flatness
        ear.centroid += look.centroid
        ear.centroid2 += <double>look.centroid * look.centroid
        ear.level += ear.voice.level
        ear.level2 += <double>ear.voice.level * ear.voice.level
        ear.purity += look.purity
    elif ear.tone.hops < TONE_SURE and not ear.voice.recent & 0x3F:
        if ear.first < 0:
            ear.before += max(ear.voice.level, <float>-70.0)
            ear.before_hops += 1
        else:
            ear.between += max(ear.voice.level, <float>-70.0)
            ear.between_hops += 1
    ear.past_level = ear.voice.level


# ---- the model ----

cdef void verdict_features(const verdict_t *ear, float *out) noexcept nogil:
    cdef int64_t now = ear.voice.hops
    cdef int64_t words = ear.last - ear.begins if ear.first >= 0 else 0
    cdef bint talking = ear.voice.talking
    cdef int64_t sum_ = ear.run_sum + (words if talking else 0)
    cdef int64_t span = ear.last - ear.first if ear.first >= 0 else 0
    cdef double spoken = ear.spoken if ear.spoken else 1.0
    cdef double level = ear.level / spoken
    cdef double centroid = ear.centroid / spoken
    cdef double before = ear.before / ear.before_hops if ear.before_hops else -70.0
    cdef double between = ear.between / ear.between_hops if ear.between_hops else before
    cdef int64_t out_silence = now - ear.last if ear.first >= 0 else 0
    out[0] = now * 0.01
    out[1] = (ear.first if ear.first >= 0 else now) * 0.01
    out[2] = (words if ear.runs == 1 else ear.run_first) * 0.01
    out[3] = max(ear.run_longest, words) * 0.01
    out[4] = words * 0.01
    out[5] = sum_ * 0.01
    out[6] = span * 0.01
    out[7] = (now - ear.last) * 0.01 if ear.first >= 0 else 0.0
    out[8] = ear.runs
    out[9] = ear.pause_longest * 0.01
    out[10] = ear.pause_sum * 0.01 / (ear.runs - 1) if ear.runs > 1 else 0.0
    out[11] = <double>sum_ / span if span > 0 else 0.0
    out[12] = ear.syllables
    out[13] = 100.0 * ear.syllables / sum_ if sum_ > 0 else 0.0
    out[14] = ear.tilt / spoken
    out[15] = ear.flatness / spoken
    out[16] = centroid
    out[17] = sqrt(max(ear.centroid2 / spoken - centroid * centroid, 0.0))
    out[18] = level - between if ear.spoken else 0.0
    out[19] = sqrt(max(ear.level2 / spoken - level * level, 0.0))
    out[20] = before
    out[21] = between - before if ear.before_hops and ear.between_hops else 0.0
    out[22] = ear.voice.noise
    out[23] = ear.tonal * 0.01
    out[24] = (ear.phrase_first if ear.phrase_first >= 0 else span) * 0.01
    out[25] = (ear.last - ear.phrase_begins) * 0.01 if ear.first >= 0 else 0.0
    out[26] = (ear.pause_first if ear.runs > 1 else out_silence) * 0.01
    heard_features(&ear.heard, now, out + 27)
    out[34] = ear.tune / spoken
    out[35] = ear.purity / spoken


cdef void _model(const verdict_t *ear, float *human, float *carrier) noexcept nogil:
    cdef float features[VERDICT_FEATURES]
    verdict_features(ear, features)
    judge_features(features, human, carrier)


cdef int _decide(verdict_t *ear, verdict_event_t *event) noexcept nogil:
    # every 100 ms, while there is no verdict
    cdef bint speaks = ear.first >= 0 or ear.heard.hops >= HEARD_ENOUGH
    cdef int snapshot = <int>((ear.voice.hops - EARLIEST) // SNAPSHOT)
    _model(ear, &ear.human, &ear.carrier)
    if ear.beep_end >= 0:
        _answer(ear, ANSWER_MACHINE, BEEPED, event)
        return 1
    if ear.voice.hops >= UNSURE:
        _answer(ear, ANSWER_HUMAN, ear.human, event)
        return 1
    if speaks and ear.human < judge_machine_below(snapshot):
        ear.sure += 1
        if ear.sure >= SURE:
            if ear.carrier > 0.5:
                _answer(ear, ANSWER_CARRIER, (1.0 - ear.human) * ear.carrier, event)
            else:
                _answer(ear, ANSWER_MACHINE, (1.0 - ear.human) * (1.0 - ear.carrier), event)
            return 1
    else:
        ear.sure = 0
        if speaks and ear.human > judge_human_above(snapshot):
            _answer(ear, ANSWER_HUMAN, ear.human, event)
            return 1
    return 0


cdef int _greeting(verdict_t *ear, verdict_event_t *event) noexcept nogil:
    if ear.over or ear.answer == 0 or ear.answer == ANSWER_HUMAN or ear.answer == ANSWER_FAX:
        return 0
    if ear.beep_end >= 0:
        event.samples = (ear.beep_end - 1) * HOP
    elif ear.first >= 0 and not ear.voice.talking and ear.voice.hops - ear.last >= GREETING \
            and ear.tone.hops == 0 and ear.held.hops == 0:
        event.samples = ear.last * HOP
    else:
        return 0
    ear.over = 1
    event.kind = VERDICT_GREETING_ENDED
    event.value = 0
    event.confidence = 1.0
    event.begins = max(ear.first, <int64_t>0) * HOP
    return 1


# ---- the ear ----

cdef void verdict_init(verdict_t *ear, const float *zone, int count) noexcept nogil:
    cdef int k
    ear.zone_count = min(count, VERDICT_ZONE)
    for k in range(ear.zone_count):
        ear.zone[k] = zone[k]
    verdict_reset(ear)


cdef void verdict_reset(verdict_t *ear) noexcept nogil:
    cdef float zone[VERDICT_ZONE]
    cdef int count = ear.zone_count, k
    for k in range(count):
        zone[k] = ear.zone[k]
    memset(ear, 0, sizeof(verdict_t))
    ear.zone_count = count
    for k in range(count):
        ear.zone[k] = zone[k]
    voice_init(&ear.voice, 0)
    ear.first = ear.beep_end = ear.phrase_first = -1
    ear.envelope = ear.turn = -70.0
    ear.human = 0.5


cdef int _hop(verdict_t *ear, verdict_event_t *events, int room) noexcept nogil:
    # after each whole hop of the voice ear; at most three events
    cdef verdict_event_t event
    cdef int count = 0
    spectrum_look(ear.window, ear.at, &ear.look)
    if _tones(ear, &event) and count < room:
        events[count] = event
        count += 1
    if ear.tone.hops >= TONE_SURE and ear.voice.active:
        ear.voice.active = 0                # a tone is nobody's voice
        ear.voice.recent &= ~<unsigned int>1
    _words(ear)
    heard_hop(&ear.heard, &ear.voice, ear.tone.hops >= TONE_SURE)
    _syllables(ear)
    _sums(ear)
    if not ear.answer and ear.voice.hops % SNAPSHOT == 0 and ear.voice.hops >= EARLIEST:
        if _decide(ear, &event) and count < room:
            events[count] = event
            count += 1
    if _greeting(ear, &event) and count < room:
        events[count] = event
        count += 1
    return count


cdef int verdict_run(verdict_t *ear, const int16_t *x, int n, verdict_event_t *events, int room) noexcept nogil:
    cdef int at = 0, count = 0, took, i
    while at < n:
        took = voice_push(&ear.voice, x + at, n - at)
        for i in range(took):
            ear.window[ear.at] = x[at + i]
            ear.at = (ear.at + 1) & (SPECTRUM_WINDOW - 1)
        at += took
        if ear.voice.fill == 0:
            count += _hop(ear, events + count, room - count)
    return count


cdef void verdict_fillin(verdict_t *ear, int n) noexcept nogil:
    cdef voice_event_t told[VOICE_EVENTS]
    cdef int count = voice_fillin(&ear.voice, n, told, VOICE_EVENTS)
    cdef int k
    for k in range(count):
        _edge(ear, &told[k])
    if ear.first >= 0 and ear.voice.talking:
        ear.last = ear.voice.last + 1


# ---- as a Python object, for media/verdict.py ----

GIVEN, BEEP, GREETING_ENDED = VERDICT_GIVEN, VERDICT_BEEP, VERDICT_GREETING_ENDED
HUMAN, MACHINE, FAX, CARRIER = ANSWER_HUMAN, ANSWER_MACHINE, ANSWER_FAX, ANSWER_CARRIER
MOST_TONES = VERDICT_ZONE
SNAPSHOTS = [(EARLIEST + k * SNAPSHOT) * 0.01 for k in range((UNSURE - EARLIEST) // SNAPSHOT + 1)]     # seconds
MACHINE_BELOW = [judge_machine_below(k) for k in range(len(SNAPSHOTS))]
HUMAN_ABOVE = [judge_human_above(k) for k in range(len(SNAPSHOTS))]
MODEL = judge_name().decode("ascii")


cdef class Verdict:
    """The ear; `tones`: Hz of the zone's tones, at most 16."""

    cdef verdict_t ear

    def __cinit__(self, tones=()):
        cdef float zone[VERDICT_ZONE]
        if len(tones) > VERDICT_ZONE:
            raise ValueError("at most %d tones of a zone, not %d" % (VERDICT_ZONE, len(tones)))
        for k in range(len(tones)):
            zone[k] = tones[k]
        verdict_init(&self.ear, zone, <int>len(tones))

    def reset(self):
        verdict_reset(&self.ear)

    def run(self, bytes pcm not None):
        """Events in these samples: (kind, value, confidence, begin, sample), samples from the start."""
        cdef Py_ssize_t n = pcm_samples(pcm), at = 0
        cdef verdict_event_t events[VERDICT_EVENTS]
        cdef int count, k
        told = []
        while at < n:
            count = verdict_run(&self.ear, pcm_of(pcm) + at, <int>min(PCM_FRAME, n - at), events, VERDICT_EVENTS)
            for k in range(count):
                told.append((events[k].kind, events[k].value, events[k].confidence, events[k].begins, events[k].samples))
            at += PCM_FRAME
        return told

    def fillin(self, n):
        """`n` samples were lost."""
        verdict_fillin(&self.ear, pcm_count(n))

    def features(self):
        """What the model sees now."""
        cdef float out[VERDICT_FEATURES]
        verdict_features(&self.ear, out)
        return [out[k] for k in range(VERDICT_FEATURES)]

    def look(self):
        """Probability of a person at the last snapshot, and that a machine is the network's."""
        return self.ear.human, self.ear.carrier

    @property
    def special(self):
        """FAX or CARRIER when its tones were heard, whatever the verdict was; 0: no such tones."""
        return self.ear.special

    def likely(self):
        """The same two of this moment, verdict or not; nothing is decided by asking."""
        cdef float human, carrier
        _model(&self.ear, &human, &carrier)
        return human, carrier
