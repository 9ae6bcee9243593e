/*
 * The version of all programs.
 */
#ifndef RUNTIME_BASE_VERSION_H
#define RUNTIME_BASE_VERSION_H

#define VERSION "0.1.0"

#endif
