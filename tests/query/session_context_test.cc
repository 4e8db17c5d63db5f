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

}  // namespace
}  // namespace segue::query
