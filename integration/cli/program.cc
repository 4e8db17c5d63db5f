#include "integration/cli/program.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <ostream>
#include <string_view>
#include <vector>

#include "index/nearest_name.h"
#include "integration/cli/commands.h"
#include "integration/cli/run_command.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

/// The innermost command that the arguments name: what a message and its --help are about.
const CLI::App& named_command(const CLI::App& parser) {
  const std::vector<CLI::App*> named = parser.get_subcommands();
  return named.empty() ? parser : named_command(*named.front());
}

std::string full_name(const CLI::App& parser) {
  const CLI::App* parent = parser.get_parent();
  return parent == nullptr ? parser.get_name() : full_name(*parent) + ' ' + parser.get_name();
}

/// Names that could have been meant where `wrong` stands: options where it is one, else commands.
std::vector<std::string> known_names(const CLI::App& parser, bool options) {
  std::vector<std::string> names;
  if (!options) {
    for (const CLI::App* command : parser.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
    return names;
  }
  for (const CLI::App* at = &parser; at != nullptr; at = at->get_parent())
    for (const CLI::Option* option : at->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

/// A fault of the command line: what, and how to mend it.
struct UsageFault {
  std::string what;
  std::string mend;
};

/// What to say about an argument that has no place.
UsageFault unknown_argument(const CLI::App& parser, const std::string& wrong) {
  const bool option = wrong.size() > 1 && wrong[0] == '-';
  const std::vector<std::string> known = known_names(parser, option);
  if (!option && known.empty())
    return {"`" + wrong + "` is one argument too many", "quote what holds blanks"};
  const std::string name = wrong.substr(0, wrong.find('='));
  UsageFault fault{std::string("there is no ") + (option ? "option" : "command") + " `" + name + "`", ""};
  const std::vector<std::string_view> views(known.begin(), known.end());
  if (const std::string near = index::nearest_name(name, views); !near.empty()) {
    fault.mend = "did you mean `" + near + "`?";
  } else if (option && wrong[1] != '-') {
    fault.mend = "write -- before a text that begins with -";
  }
  return fault;
}

/// What the library found, said in our words where its own are poor. A misspelt option makes it miss others,
/// so that is named first.
UsageFault usage_fault(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& command = named_command(root);
  std::vector<std::string> rest = root.remaining(true);
  std::stable_partition(rest.begin(), rest.end(),
                        [](const std::string& text) { return text.starts_with('-'); });
  const std::vector<std::string> subcommands = known_names(command, false);
  const bool out_of_place = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr || !subcommands.empty();
  if (!rest.empty() && (rest.front().starts_with('-') || out_of_place))
    return unknown_argument(command, rest.front());
  if (!subcommands.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    std::string all;
    for (const std::string& name : subcommands) all += (all.empty() ? "" : ", ") + name;
    return {"a command is missing: one of " + all, ""};
  }
  std::string message = error.what();
  constexpr std::string_view kConversion = "Could not convert: ";
  if (message.starts_with(kConversion)) message = "not understood: " + message.substr(kConversion.size());
  while (!message.empty() && (message.back() == '\n' || message.back() == '.')) message.pop_back();
  return {message, ""};
}

struct Parser {
  CLI::App app;
  std::vector<Command::Action> actions;  // by command
  bool json = false;
  std::vector<std::string> footers;
};

void build(Parser& parser) {
  CLI::App& app = parser.app;
  app.description("Session-aware search and suggestions for Lucene++.");
  app.name("segue");
  app.set_version_flag("--version", std::string("segue ") + SEGUE_VERSION, "Print the version");
  app.set_help_flag("-h,--help", "Print this help");
  app.require_subcommand(1);
  app.footer("segue COMMAND --help tells more about a command.");
  for (const Command& command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->set_help_flag("-h,--help", "Print this help");
    sub->add_flag("--json", parser.json, "Print the result as JSON");
    parser.actions.push_back(command.declare(*sub));
    sub->footer("Example:\n  " + std::string(command.example));
  }
}

int parse_and_run(std::span<const std::string> arguments, Console& console) {
  Parser parser;
  build(parser);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // what the library wants
  try {
    parser.app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    console.out << parser.app.help();
    return run_command(console, [] {});
  } catch (const CLI::CallForVersion&) {
    console.out << "segue " << SEGUE_VERSION << '\n';
    return run_command(console, [] {});
  } catch (const CLI::ParseError& error) {
    const UsageFault fault = usage_fault(parser.app, error);
    const std::string help = "see " + full_name(named_command(parser.app)) + " --help";
    return run_command(console, [&] {
      throw Error(ErrorKind::kUsage, fault.what, {}, fault.mend.empty() ? help : fault.mend);
    });
  }
  console.json = parser.json;
  for (std::size_t i = 0; i < parser.actions.size(); ++i) {
    if (parser.app.got_subcommand(std::string(commands()[i].name)))
      return run_command(console, [&] { parser.actions[i](console); });
  }
  return static_cast<int>(ErrorKind::kUsage);  // not reached: a command is required
}

}  // namespace

int run_program(std::span<const std::string> arguments, Console& console) noexcept {
  try {
    return parse_and_run(arguments, console);
  } catch (...) {  // run_command has dealt with all but a lack of memory while the parser was built
    return static_cast<int>(ErrorKind::kResource);
  }
}

}  // namespace segue::integration
