#include "integration/cli/sequence_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "index/input/time.h"

namespace segue::integration {

void SequenceOptions::apply(index::Config::Events& events) const {
  if (sequence) events.sequence = *sequence;
  if (session_gap) events.session_gap = *session_gap;
}

void add_sequence_options(CLI::App& parser, SequenceOptions& options, const std::string& otherwise) {
  parser
      .add_option("--sequence", options.sequence,
                  "What a sequence is: a session, or the whole history of a user; " + otherwise)
      ->check(CLI::IsMember({"session", "user"}))
      ->type_name("session|user");
  parser
      .add_option("--session-gap", options.session_gap,
                  "The pause after which a user's next event begins a session, where the log names none; " +
                      otherwise)
      ->check([](const std::string& text) {
        const bool known = text == "none" || index::parse_duration(text).has_value();
        return known ? std::string()
                     : "`" + text + "` is no duration; write for example 30m, 12h, 7d, or none";
      })
      ->type_name("30m|none");
}

}  // namespace segue::integration
