#include "index/input/jsonl_writer.h"

#include <variant>

#include "index/input/json_text.h"

namespace segue::index {
namespace {

/// An object that is being written: key by key.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  std::string& key(std::string_view name) {
    out_ += first_ ? "" : ", ";
    first_ = false;
    append_json(out_, name);
    out_ += ": ";
    return out_;
  }
  template <typename Value>
  void add(std::string_view name, const Value& value) {
    append_json(key(name), value);
  }
  void add_text(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

template <typename List>
void append_list(std::string& out, const List& list) {
  out += '[';
  bool first = true;
  for (const auto& entry : list) {
    out += first ? "" : ", ";
    first = false;
    append_json(out, entry);
  }
  out += ']';
}

struct AttributeWriter {
  std::string& out;
  void operator()(const std::string& text) const { append_json(out, text); }
  void operator()(double number) const { append_json(out, number); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
  void operator()(const std::vector<std::string>& list) const { append_list(out, list); }
};

}  // namespace

std::string to_json(const Item& item) {
  std::string out;
  Object line(out);
  line.add("id", item.id);
  if (item.kind != Item().kind) line.add("kind", item.kind);
  line.add_text("title", item.title);
  line.add_text("text", item.text);
  if (!item.attributes.empty()) {
    line.key("attributes");
    Object attributes(out);
    for (const auto& [name, value] : item.attributes)
      std::visit(AttributeWriter{attributes.key(name)}, value);
    attributes.close();
  }
  if (!item.vector.empty()) append_list(line.key("vector"), item.vector);
  if (item.weight) line.add("weight", *item.weight);
  if (!item.vectors.empty()) {
    line.key("vectors");
    Object vectors(out);
    for (const auto& [kind, vector] : item.vectors) append_list(vectors.key(kind), vector);
    vectors.close();
  }
  line.close();
  return out;
}

std::string to_json(const Event& event) {
  std::string out;
  Object line(out);
  line.add_text("session", event.session);
  line.add_text("user", event.user);
  if (event.time) line.add("time", *event.time);
  if (event.item.empty()) {
    line.add("query", event.query);
  } else {
    line.add("item", event.item);
  }
  if (event.action != Event().action) line.add("action", event.action);
  if (event.rating) line.add("rating", *event.rating);
  if (!event.context.empty()) {
    line.key("context");
    Object context(out);
    for (const auto& [name, value] : event.context) context.add(name, value);
    context.close();
  }
  if (event.target) line.key("target") += "true";
  line.close();
  return out;
}

}  // namespace segue::index
