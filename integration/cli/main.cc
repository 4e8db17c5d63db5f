#include <unistd.h>
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include "integration/cli/program.h"

int main(int argc, char** argv) {
  // A reader that leaves early (| head) shows as a failed write instead of ending a job half-way.
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  segue::integration::Console console{.out = std::cout,
                                      .err = std::cerr,
                                      .out_style = segue::integration::terminal_style(STDOUT_FILENO),
                                      .err_style = segue::integration::terminal_style(STDERR_FILENO)};
  return segue::integration::run_program(arguments, console);
}
