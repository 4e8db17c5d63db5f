#include "integration/cli/explanation_view.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>

#include "integration/cli/text_table.h"
#include "query/explanation.h"

namespace segue::integration {
namespace {

constexpr std::size_t kIndent = 5;
constexpr double kLeastShown = 0.0005;  // of signed_number(): below it is "+0.000"

std::string signed_number(double value) {
  return (value < 0 ? "" : "+") + fixed_number(value, 3);
}

/// "85123A  White hanging heart": how an item is named in an explanation.
std::string name_of(const plugin::Answer& answer, index::ItemId item) {
  const auto found = answer.names.find(item);
  if (found == answer.names.end()) return "?";
  const auto& [id, title] = found->second;
  return title.empty() ? id : id + "  " + title;
}

void add_terms(TextTable& table, const query::LegExplanation& leg) {
  for (const query::TermScore& term : leg.terms) {
    if (term.document_frequency == 0) {
      table.add_row({"match", signed_number(term.score), term.term, ""});
      continue;
    }
    std::string statistics = "tf " + count_text(term.frequency) + ", in " + grouped(term.document_frequency) +
                             (term.document_frequency == 1 ? " item" : " items") + ", length " +
                             std::to_string(term.length);
    if (term.boost != 1) statistics += ", boost " + short_number(term.boost);
    const std::string field = term.field.empty() || term.field.front() == '_' ? "" : term.field + ":";
    table.add_row({"word", signed_number(term.score), field + term.term, statistics});
  }
}

/// What the models added. One that added nothing is no reason, and neither is why it would have.
void add_models(TextTable& table, const query::LegExplanation& leg, const plugin::Answer& answer) {
  for (const query::ModelShare& share : leg.models) {
    const double added = share.weight * share.z;
    if (std::abs(added) < kLeastShown && leg.models.size() > 1) continue;
    table.add_row({"model", signed_number(added), share.model,
                   "weight " + short_number(share.weight) + " x z-score " + short_number(share.z)});
    for (const query::Cause& cause : share.because) {
      table.add_row({"because", fixed_number(100 * cause.share, 0) + " %", name_of(answer, cause.item),
                     "by " + share.model});
    }
  }
}

void add_events(TextTable& table, const query::LegExplanation& leg, const plugin::Answer& answer) {
  for (const query::EventShare& event : leg.events) {
    const bool typed = event.item == index::kNoItem;
    table.add_row({"moved by", signed_number(event.contribution),
                   typed ? "\"" + event.text + "\"" : name_of(answer, event.item), typed ? "typed" : ""});
  }
}

void add_contexts(TextTable& table, const query::LegExplanation& leg) {
  for (const query::ContextShare& share : leg.contexts) {
    table.add_row({"moved by", signed_number(share.contribution), share.key + " = " + share.value,
                   share.of_request ? "context of the request" : "context of the session"});
  }
}

void add_neighbours(TextTable& table, const query::LegExplanation& leg, const plugin::Answer& answer) {
  for (const query::Neighbour& neighbour : leg.neighbours) {
    table.add_row({"near", fixed_number(neighbour.score, 3), name_of(answer, neighbour.item),
                   neighbour.in_session ? "in the session" : ""});
  }
}

/// What the source of a session's leg means to a person.
std::string source_in_words(const std::string& source) {
  if (source == "models") return "by its items";
  if (source == "words") return "by its words: no model knows its items";
  if (source == "popularity") return "nothing in it is known: popularity";
  return source;
}

/// "popularity, decayed (half-life 30d), diversified": how a leg of popularity was made.
std::string popularity_in_words(const query::LegExplanation& leg) {
  std::string words;
  if (!leg.half_life.empty() && leg.half_life != "none")
    words += ", decayed (half-life " + leg.half_life + ")";
  if (leg.diversity) words += ", diversified";
  return words;
}

}  // namespace

void print_explanation(std::ostream& out, const TerminalStyle& style, const plugin::Answer& answer,
                       const plugin::AnswerHit& hit) {
  if (!hit.hit.explanation) return;
  const std::string margin(kIndent, ' ');
  for (const query::LegExplanation& leg : hit.hit.explanation->legs) {
    const auto share = std::find_if(hit.hit.legs.begin(), hit.hit.legs.end(),
                                    [&](const query::HitLeg& entry) { return entry.name == leg.name; });
    out << margin << paint(style, Ink::kCyan, printable(leg.name));
    if (share != hit.hit.legs.end()) {
      out << ' ' << signed_number(share->score);
      if (share->rank) out << ", rank " << *share->rank;
    }
    if (!leg.source.empty()) out << ", " << source_in_words(leg.source) << popularity_in_words(leg);
    out << '\n';
    TextTable table({{""}, {"", TextTable::Align::kRight}, {""}, {""}});
    add_terms(table, leg);
    add_models(table, leg, answer);
    add_events(table, leg, answer);
    add_contexts(table, leg);
    if (leg.diversity && *leg.diversity < 0)
      table.add_row({"moved by", signed_number(*leg.diversity), "like an item above it", ""});
    add_neighbours(table, leg, answer);
    table.print(out, style, kIndent + 2);
  }
}

}  // namespace segue::integration
