# Caller ID data: FSK sender and receiver, Bell 202 (1200/2200 Hz) and V.23 (1300/2100 Hz), 1200 Bd (EN 300 659-1).
from libc.stdint cimport int16_t, uint8_t

cdef enum:
    FSK_MESSAGE = 258    # type, length, 255 bytes, checksum
    FSK_TAPS = 15        # of the filter about 1700 Hz
    FSK_SPAN = 5         # samples over which the frequency is averaged

cdef enum:
    FSK_V23 = 0
    FSK_BELL202 = 1

cdef struct fsk_rx_t:
    float re[FSK_TAPS - 1]          # the last samples turned down by 1700 Hz, oldest first
    float im[FSK_TAPS - 1]
    float last_re, last_im          # the last sample of the filter
    float leans[FSK_SPAN - 1]       # the last frequencies, mark positive, oldest first
    float band, total               # smoothed power in the band and in all
    int phase                       # of the oscillator, 0..79
    int state                       # waits for mark, for a start bit, or reads a byte
    int marks                       # samples of steady mark
    float lean                      # the one before: edges and bits lie between samples
    float since                     # samples since the start bit began
    int edges                       # of the byte being read
    float late                      # by how much they came late, all together
    int astray                      # edges of the message where none can be, and bytes of it without a stop bit
    float times, weights            # of all edges of the message: their ratio is the length of a bit
    int bit, byte                   # bit number, the start bit 0, and bits of the byte being read
    int faults                      # bytes without a stop bit
    int waited                      # samples since the last byte
    int count                       # bytes of the message being read
    uint8_t reading[FSK_MESSAGE]
    int length              # bytes in message
    uint8_t message[FSK_MESSAGE]

cdef void fsk_rx_init(fsk_rx_t *ear) noexcept nogil      # hears both standards
cdef void fsk_rx_reset(fsk_rx_t *ear) noexcept nogil
cdef int fsk_rx_run(fsk_rx_t *ear, const int16_t *x, int n) noexcept nogil   # 1: a whole message is in .message/.length
cdef void fsk_rx_fillin(fsk_rx_t *ear, int n) noexcept nogil    # n samples were lost

# Samples that `count` bytes take, and the samples themselves: seizure (bits of 0101...), mark, bytes, mark.
cdef int fsk_tx_samples(int count, int seizure, int mark) noexcept nogil
cdef int fsk_tx(const uint8_t *bytes_, int count, int standard, int seizure, int mark, float peak,
                int16_t *out, int room) noexcept nogil       # samples made, at most room
