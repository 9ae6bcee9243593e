/*
 * The inside of a session: what the files of the engine share. smtp.c cuts
 * input into lines and sends replies, the others work on the lines of their
 * phase.
 */
#ifndef RUNTIME_SMTP_SMTP_PRIVATE_H
#define RUNTIME_SMTP_SMTP_PRIVATE_H

#include "runtime/smtp/smtp.h"

/* One line of a reply. Control characters become '?'. */
void smtp_reply(struct smtp *smtp, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, for checks: false. */
bool smtp_refuse(struct smtp *smtp, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Closes on account of the input, whatever command it is part of. */
void smtp_refuse_input(struct smtp *smtp, const char *reply);

/* Nothing more is read; what was replied is sent. */
void smtp_close(struct smtp *smtp);

/* Goes on after an answer. */
void smtp_resume(struct smtp *smtp);

/* What the log says was received. */
void smtp_set_command(struct smtp *smtp, struct str text);

void smtp_end_tx(struct smtp *smtp);

/* smtp_command.c */
void smtp_command_line(struct smtp *smtp, struct str line);

/* Where a command stands in a session; replies and says false. */
bool smtp_check_outside(struct smtp *smtp); /* identified, no transaction */
bool smtp_check_inside(struct smtp *smtp);
bool smtp_check_no_argument(struct smtp *smtp, struct str arg);

/* smtp_auth.c */
bool smtp_check_auth(struct smtp *smtp, struct str arg);
void smtp_proceed_auth(struct smtp *smtp, struct str arg);
void smtp_auth_line(struct smtp *smtp, struct str line);
void smtp_auth_set_command(struct smtp *smtp, struct str arg);

/* smtp_mail.c */
bool smtp_check_mail(struct smtp *smtp, struct str arg);
void smtp_proceed_mail(struct smtp *smtp, struct str arg);
bool smtp_check_rcpt(struct smtp *smtp, struct str arg);
void smtp_proceed_rcpt(struct smtp *smtp, struct str arg);

/* smtp_data.c */
bool smtp_check_data(struct smtp *smtp, struct str arg);
void smtp_proceed_data(struct smtp *smtp, struct str arg);
void smtp_data_line(struct smtp *smtp, struct str line, bool has_cr);
void smtp_data_fini(struct smtp *smtp);

#endif
