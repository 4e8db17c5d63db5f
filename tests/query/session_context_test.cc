#include "query/operators/session_context.h"

#include <gtest/gtest.h>

namespace segue::query {
namespace {

index::Event item_event(std::string id) {
  index::Event event;
  event.item = std::move(id);
  return event;
}

index::Event query_event(std::string text) {
  index::Event event;
  event.query = std::move(text);
  return event;
}

index::Catalogue catalogue() {
  std::vector<index::Item> items(3);
  items[0].id = "lamp";
  items[1].id = "rug";
  items[2].id = "q";
  items[2].kind = "query";
  items[2].title = "White Lantern";
  return index::Catalogue(std::move(items));
}

TEST(ResolveSession, KnowsItemsAndTypedQueriesByTheirFoldedTitle) {
  const index::Catalogue items = catalogue();
  std::vector<syntax::Diagnostic> diagnostics;
  const std::vector<index::Event> events = {item_event("rug"), query_event("white  LANTERN!"),
                                            query_event("something else"), item_event("gone")};
  const SessionContext session = resolve_session(events, items, {}, diagnostics);
  ASSERT_EQ(session.events.size(), 3u);
  EXPECT_EQ(session.events[0].item, items.find("rug"));
  EXPECT_EQ(session.events[1].item, items.find("q"));
  EXPECT_EQ(session.events[2].item, index::kNoItem);
  EXPECT_EQ(session.events[2].text, "something else");
  EXPECT_EQ(session.skipped, 1u);
  EXPECT_EQ(session.items(), (std::vector<index::ItemId>{items.find("rug"), items.find("q")}));
  EXPECT_TRUE(diagnostics.empty());
}

TEST(ResolveSession, CutsALongSessionToItsNewestEventsWithAWarning) {
  const index::Catalogue items = catalogue();
  std::vector<syntax::Diagnostic> diagnostics;
  Limits limits;
  limits.session_events = 2;
  const std::vector<index::Event> events = {item_event("rug"), item_event("lamp"), item_event("rug")};
  const SessionContext session = resolve_session(events, items, limits, diagnostics);
  EXPECT_EQ(session.items(), (std::vector<index::ItemId>{items.find("lamp"), items.find("rug")}));
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].severity, syntax::Diagnostic::Severity::kWarning);
}

/// A vocabulary of device=phone (0), page=deals (1), page=home (2).
index::ContextVocabulary vocabulary() {
  index::EventLog log;
  log.contexts = {{{"device", "phone"}, {"page", "deals"}}, {{"page", "home"}}};
  log.events.resize(2);
  log.events[0].item = log.events[1].item = 0;
  log.events[0].context = 0;
  log.events[1].context = 1;
  return index::ContextVocabulary::learn(log, {.keys = "auto", .min_count = 1});
}

TEST(ResolveSession, KnowsTheContextOfEventsAndOfTheRequest) {
  const index::Catalogue items = catalogue();
  const index::ContextVocabulary known = vocabulary();
  std::vector<index::Event> events = {item_event("rug"), item_event("gone"), query_event("words"),
                                      item_event("lamp")};
  events[0].context = {{"page", "deals"}, {"weather", "rain"}};
  events[1].context = events[2].context = {{"page", "home"}};
  const Moment moment{{{"page", "home"}, {"device", "phone"}}, std::nullopt};
  std::vector<syntax::Diagnostic> diagnostics;
  const SessionContext session = resolve_session(events, {items, known, moment}, {}, diagnostics);
  ASSERT_EQ(session.contexts().size(), session.items().size());
  EXPECT_EQ(session.values(true), (std::vector<index::ContextId>{0, 2}));
  EXPECT_EQ(session.values(false), std::vector<index::ContextId>{1});
  EXPECT_EQ(session.contexts()[1], index::ContextSets::kNone);
  EXPECT_EQ(session.without(2, true).values(true), std::vector<index::ContextId>{0});
  EXPECT_EQ(session.without(2, true).values(false), std::vector<index::ContextId>{1});
  EXPECT_TRUE(session.without(1, false).values(false).empty());
  EXPECT_TRUE(diagnostics.empty());
}

}  // namespace
}  // namespace segue::query
