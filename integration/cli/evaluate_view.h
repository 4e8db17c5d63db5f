#pragma once

#include <string>

#include "integration/cli/console.h"
#include "integration/jobs/evaluate_job.h"

namespace segue::integration {

/// The figures of an evaluation for people: a column per model with its interval, what is ahead of what, and
/// a table for each thing that the targets were parted by. protocol: its name.
void print_evaluation(Console& console, const std::string& protocol, const EvaluateRequest& request,
                      const EvaluateReport& report);

/// The same as one JSON object: metrics of the first model as keys beside `protocol`, `model` and `events`.
void print_evaluation_json(Console& console, const std::string& protocol, const EvaluateRequest& request,
                           const EvaluateReport& report);

}  // namespace segue::integration
