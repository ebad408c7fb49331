/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* Where the functions of PP_PLACES (include/free_places.h) lie in this kernel. */
#ifndef PKTPATH_TRACE_PLACES_H
#define PKTPATH_TRACE_PLACES_H

#include "host/kallsyms.h"
#include "free_places.h"

/* Fills all of `ranges`. Where addresses are hidden from us there is none. */
void places_find(struct pp_range ranges[PP_PLACE_MAX], struct kallsyms *symbols);

#endif /* PKTPATH_TRACE_PLACES_H */
