// Requests and answers as JSON, one object each: what `segue run`, the C interface and a server of your own
// speak.
//
//     02_requests_as_json STORE      a store that 01_search_with_a_session made
#include <iostream>
#include <string>

#include "examples/little_shop.h"
#include "kernels/error.h"
#include "plugin/request_json.h"
#include "plugin/search_plugin.h"

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

int main(int argc, char** argv) {
  examples::expect(argc == 2, "one argument, a store");
  segue::plugin::Options options;
  options.store = argv[1];
  const auto plugin = segue::plugin::SearchPlugin::open(options);
  const auto ask = [&](const std::string& json) {
    const std::string answer = to_json(plugin->answer(segue::plugin::parse_request(json, "request")));
    std::cout << json << "\n  " << answer << '\n';
    return answer;
  };

  // A search. The filter acts inside every leg.
  const std::string hits = ask(R"({"query": "{!session ctx=$ctx}", "params": {"ctx": [{"item": "F1"}]},)"
                               R"( "filter": "category:furnishing", "size": 2, "fields": ["title"]})");
  examples::expect(has(hits, R"("id":"F)") && !has(hits, R"("id":"C)"), "only furniture");

  // A suggestion: the letters typed so far, and the session.
  const std::string suggestions = ask(R"({"suggest": "ca", "ctx": [{"item": "C1"}], "size": 3})");
  examples::expect(has(suggestions, "Camping light"), "a text that begins with the letters");

  // A fault in a query is an answer with diagnostics and no hits; users' text in $q cannot cause one.
  const std::string fault = ask(R"({"query": "light {!sesion}"})");
  examples::expect(has(fault, "did you mean {!session}?"), "a diagnostic that says how to mend it");
  const std::string typed = ask(R"({"query": "$q", "params": {"q": "light {!sesion ((("}, "size": 1})");
  examples::expect(has(typed, R"("diagnostics":[])"), "plain words, whatever was typed");

  // A request that is no request throws, and says what is wrong.
  try {
    ask(R"({"qury": "light"})");
    examples::expect(false, "an unknown key is refused");
  } catch (const segue::Error& error) {
    std::cout << error.what() << '\n';
    examples::expect(error.kind() == segue::ErrorKind::kBadInput, "the request is to blame");
  }
  return 0;
}
