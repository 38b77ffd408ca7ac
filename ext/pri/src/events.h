/* What libpri tells, in the words of the pipe.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#ifndef CCAPPLIANCE_PRI_EVENTS_H
#define CCAPPLIANCE_PRI_EVENTS_H

#include <libpri.h>

void tell_event(struct pri *pri, pri_event *event);

#endif
