/*
 * The checks of a resolved tree. Each module takes the whole compilation,
 * reports into its list, and changes nothing. What the target's daemon
 * refuses is an error; what it accepts, and no one can have meant, is a
 * warning.
 */
#ifndef COMPILER_CHECK_H
#define COMPILER_CHECK_H

#include "compiler/compilation.h"

/* All of the below, in their order. */
void check_run(struct compilation *comp);

/* Old spellings, and words and forms that the target does not have. */
void check_spelling(struct compilation *comp);
void check_previews(struct compilation *comp);
void check_versions(struct compilation *comp);

/* Options that are repeated, misplaced, missing or exclude each other. */
void check_options(struct compilation *comp);

/* Settings, pki attributes and socket listeners over several statements. */
void check_settings(struct compilation *comp);

/* Ports, sizes, delays, addresses, host names, formats, URLs … */
void check_values(struct compilation *comp);

/* Filters: conditions, decisions and chains. */
void check_filters(struct compilation *comp);

/* Table declarations, and the kind of table that each use needs. */
void check_tables(struct compilation *comp);

/* Files that the config names: present, safe, well formed. */
void check_files(struct compilation *comp);

/* Macros and names that nothing uses; references to macros in quotes. */
void check_macros(struct compilation *comp);
void check_unused(struct compilation *comp);

/* Entries that no session can match. */
void check_entries(struct compilation *comp);

/* Options without effect, conditions that fail, logins that are no use. */
void check_effects(struct compilation *comp);

/* Hosts to relay to, and credentials for them. */
void check_relays(struct compilation *comp);

/* Commands for the shell; versions and ciphers of TLS. */
void check_commands(struct compilation *comp);
void check_tls(struct compilation *comp);

/* How things are written: advice. */
void check_style(struct compilation *comp);

/* Rules that nothing reaches, and open relays: of whole rulesets. */
void check_reach(struct compilation *comp);

#endif
