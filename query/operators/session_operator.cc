#include "query/operators/session_operator.h"

#include <span>
#include <string>
#include <utility>

#include "index/model/seen_rule.h"

namespace segue::query {
std::optional<RunLeg> run_session(const syntax::Node& node, const Arguments& arguments,
                                  const RunContext& context, std::size_t standard_top_k) {
  const std::vector<index::Event>* events = arguments.session("ctx");
  if (events == nullptr) events = context.user_session;
  if (events == nullptr) {
    context.diagnostics.push_back(
        {syntax::Diagnostic::Severity::kWarning, node.range,
         "{!session} has no session: the request names no ctx and no user that the store knows",
         "write {!session ctx=$ctx} and send ctx; popularity decides meanwhile"});
  }
  SessionContext session =
      resolve_session(events == nullptr ? std::span<const index::Event>() : *events,
                      {context.snapshot.catalogue(), context.snapshot.contexts(), context.moment},
                      context.limits, context.diagnostics);
  context.skipped += session.skipped;

  index::ItemSet allowed = context.allowed;
  // "auto" is no rule of its own: it means what validation found best.
  const index::SeenRule seen =
      index::parse_seen_rule(arguments.text("seen")).value_or(context.snapshot.seen());
  const std::vector<index::ItemId> items = session.items();
  const std::vector<double> times = session.times();
  index::SessionView view(items);
  view.times = times;
  view.now = session.now;
  for (const index::ItemId item : index::left_out(seen, view)) {
    allowed.erase(item);
  }
  RunLeg leg;
  leg.name = "session";
  leg.node = &node;
  leg.top_k = standard_top_k != 0 && !arguments.given("topK") ? standard_top_k : arguments.count("topK");
  leg.session = std::make_shared<SessionRanker>(context.snapshot, std::move(session), arguments.text("model"),
                                                context.group);
  leg.items = leg.session->top(leg.top_k, &allowed);
  return leg;
}

}  // namespace segue::query
