# DAHDI's kernel interface for Python: one function per ioctl with a struct, and one for all that carry an int.
#
# Nothing here decides anything: every failure is an OSError with the kernel's errno, ELAST (500, an event waits)
# included. What the numbers mean is known to drivers/dahdi*.py.
from cpython.exc cimport PyErr_SetFromErrno
from libc.string cimport memcpy, memset

cdef extern from "<sys/ioctl.h>" nogil:
    int ioctl(int fd, unsigned long request, void *data)

cdef extern from "src/dahdi_abi.h" nogil:
    ctypedef struct abi_params_t:
        int channo, spanno, chanpos, sigtype, sigcap, rxisoffhook, rxbits, txbits, txhooksig, rxhooksig
        char name[40]
        int preflashtime, flashtime, rxflashtime, debouncetime, pulsebreaktime, pulsemaketime, pulseaftertime
        unsigned int chan_alarms
    ctypedef struct abi_spaninfo_t:
        int spanno
        char name[20]
        char desc[40]
        int alarms, bpvcount, crc4count, ebitcount, fascount, irqmisses, syncsrc, numchans, totalchans, totalspans
        unsigned int fecount, cvcount, becount, errsec
        int lineconfig, linecompat
        char location[40]
        char manufacturer[40]
        char devicetype[40]
        char spantype[6]
    ctypedef struct abi_bufferinfo_t:
        int txbufpolicy, rxbufpolicy, numbufs, bufsize
    ctypedef struct abi_gains_t:
        int chan
        unsigned char rxgain[256]
        unsigned char txgain[256]
    ctypedef struct abi_dialoperation_t:
        int op
        char dialstr[256]
    ctypedef struct abi_ring_cadence_t:
        int ringcadence[16]
    ctypedef struct abi_echocanparams_t:
        unsigned int tap_length, param_count
    unsigned long ABI_FLUSH, ABI_GET_PARAMS, ABI_SET_PARAMS, ABI_HOOK, ABI_GETEVENT, ABI_SPANSTAT, ABI_SETGAINS
    unsigned long ABI_SET_BUFINFO, ABI_DIAL, ABI_AUDIOMODE, ABI_ECHOCANCEL_PARAMS, ABI_HDLCFCSMODE, ABI_SPECIFY
    unsigned long ABI_SETLAW, ABI_SETLINEAR, ABI_SETCADENCE, ABI_GETRXBITS, ABI_SETTXBITS, ABI_TIMERCONFIG
    unsigned long ABI_TIMERACK, ABI_TONEDETECT, ABI_SETPOLARITY, ABI_BUFFER_EVENTS

FLUSH = ABI_FLUSH
HOOK = ABI_HOOK
GETEVENT = ABI_GETEVENT
AUDIOMODE = ABI_AUDIOMODE
HDLCFCSMODE = ABI_HDLCFCSMODE
SPECIFY = ABI_SPECIFY
SETLAW = ABI_SETLAW
SETLINEAR = ABI_SETLINEAR
GETRXBITS = ABI_GETRXBITS
SETTXBITS = ABI_SETTXBITS
TIMERCONFIG = ABI_TIMERCONFIG
TIMERACK = ABI_TIMERACK
TONEDETECT = ABI_TONEDETECT
SETPOLARITY = ABI_SETPOLARITY
BUFFER_EVENTS = ABI_BUFFER_EVENTS


cdef object done(int result):
    if result < 0:
        PyErr_SetFromErrno(OSError)
    return None


cdef str text(const char *chars, int most):
    return (<bytes>chars[:most]).split(b"\0")[0].decode("utf-8", "replace").strip()


def put(int fd, unsigned long request, int value):
    """A request that tells an int."""
    done(ioctl(fd, request, &value))


def get(int fd, unsigned long request):
    """A request that answers an int."""
    cdef int value = 0
    done(ioctl(fd, request, &value))
    return value


def params(int fd, int channel):
    """(span, sigtype, sigcap, rxisoffhook, rxhooksig, rxbits, chan_alarms, name) of the channel; 0: of `fd`'s own."""
    cdef abi_params_t p
    memset(&p, 0, sizeof(p))
    p.channo = channel
    done(ioctl(fd, ABI_GET_PARAMS, &p))
    return p.spanno, p.sigtype, p.sigcap, p.rxisoffhook, p.rxhooksig, p.rxbits, p.chan_alarms, text(p.name, 40)


def timing(int fd, int flash, int rxflash, int debounce, int pulse_break, int pulse_make, int pulse_after):
    """Set the timings of an analog channel, in ms; what is not named here stays."""
    cdef abi_params_t p
    memset(&p, 0, sizeof(p))
    done(ioctl(fd, ABI_GET_PARAMS, &p))
    p.preflashtime = 1
    p.flashtime = flash
    p.rxflashtime = rxflash
    p.debouncetime = debounce
    p.pulsebreaktime = pulse_break
    p.pulsemaketime = pulse_make
    p.pulseaftertime = pulse_after
    done(ioctl(fd, ABI_SET_PARAMS, &p))


def span(int fd, int number):
    """A dict of the span's state; EINVAL if there is none of that number."""
    cdef abi_spaninfo_t s
    memset(&s, 0, sizeof(s))
    s.spanno = number
    done(ioctl(fd, ABI_SPANSTAT, &s))
    return {"number": s.spanno, "name": text(s.name, 20), "description": text(s.desc, 40), "alarms": s.alarms,
            "bipolar": s.bpvcount, "crc4": s.crc4count, "ebit": s.ebitcount, "fas": s.fascount, "framing": s.fecount,
            "code": s.cvcount, "bits": s.becount, "errored_seconds": s.errsec, "irq_misses": s.irqmisses,
            "sync": s.syncsrc, "configured": s.numchans, "channels": s.totalchans, "spans": s.totalspans,
            "line": s.lineconfig, "compatible": s.linecompat, "location": text(s.location, 40),
            "manufacturer": text(s.manufacturer, 40), "device": text(s.devicetype, 40), "type": text(s.spantype, 6)}


def buffers(int fd, int policy, int count, int size):
    """`policy` is that of transmission; received buffers come at once in any case."""
    cdef abi_bufferinfo_t b
    memset(&b, 0, sizeof(b))
    b.txbufpolicy = policy
    b.numbufs = count
    b.bufsize = size
    done(ioctl(fd, ABI_SET_BUFINFO, &b))


def gains(int fd, bytes rx, bytes tx):
    """Two tables of 256 codes: what is heard, what is sent, in the channel's law."""
    cdef abi_gains_t g
    if len(rx) != 256 or len(tx) != 256:
        raise ValueError("a gain table has 256 codes")
    memset(&g, 0, sizeof(g))
    memcpy(g.rxgain, <const char *>rx, 256)
    memcpy(g.txgain, <const char *>tx, 256)
    done(ioctl(fd, ABI_SETGAINS, &g))


def dial(int fd, int op, bytes digits):
    cdef abi_dialoperation_t d
    if len(digits) > 255:
        raise ValueError("at most 255 letters are dialled at once")
    memset(&d, 0, sizeof(d))
    d.op = op
    memcpy(d.dialstr, <const char *>digits, len(digits))
    done(ioctl(fd, ABI_DIAL, &d))


def cadence(int fd, milliseconds):
    """On, off, on, off …; at most 16 of them."""
    cdef abi_ring_cadence_t c
    if len(milliseconds) > 16:
        raise ValueError("a ring cadence has at most 16 steps")
    memset(&c, 0, sizeof(c))
    for i, ms in enumerate(milliseconds):
        c.ringcadence[<int>i] = ms
    done(ioctl(fd, ABI_SETCADENCE, &c))


def echo(int fd, int taps):
    """The channel's attached echo canceller, with so many taps (8 a ms); 0: off."""
    cdef abi_echocanparams_t e
    memset(&e, 0, sizeof(e))
    e.tap_length = taps
    done(ioctl(fd, ABI_ECHOCANCEL_PARAMS, &e))
