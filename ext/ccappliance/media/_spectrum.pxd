# A look at 32 ms of sound: where the strongest sine is, how pure, and how the rest is spread.

cdef enum:
    SPECTRUM_WINDOW = 256

cdef struct spectrum_t:
    float hz                    # of the strongest peak, 350-2200 Hz
    float purity                # its share of the energy over 200 Hz, 0-1
    float peak_level            # dBm0
    float flatness              # dB: geometric over arithmetic mean of 16 bands, 300-3400 Hz; 0: white
    float centroid              # Hz
    float tilt                  # dB: 300-1000 Hz over 1000-3400 Hz

cdef void spectrum_look(const float *ring, int at, spectrum_t *look) noexcept nogil  # ring[at] is the oldest of the window
