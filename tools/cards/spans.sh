# Functions of the guest that load DAHDI and wire spans as a plan tells: span BASE-LAST, and lines for dahdi_cfg.

load_modules() {  # load_modules FOLDER
    modprobe crc-ccitt
    insmod "$1/dahdi.ko" auto_assign_spans=1  # spans and channels are numbered in the order in which they are made
    for module in dahdi_dynamic dahdi_dynamic_loc dahdi_echocan_mg2; do insmod "$1/$module.ko"; done
    # No dahdi_dummy: without a card DAHDI's core timer gives the tick, and it catches up what emulation delays.
}

make_spans() {  # make_spans PLAN
    dahdi_cfg -c "$1" || return 1
}
