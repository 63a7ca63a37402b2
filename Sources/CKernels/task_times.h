// What threads.c asks of task_times.c.
#ifndef SD_TASK_TIMES_H
#define SD_TASK_TIMES_H
#include "CKernels.h"
bool sd_records_tasks(void);
void sd_run_recorded(int count, sd_body body, void *context);  // on the calling thread; one caller at a time
#endif
