#pragma once

#include "app/cli.hpp"

namespace slipway::app {

// One function per command. They print to standard output, throw UsageError (exit 2) or
// Unavailable (exit 3), and return `no` (exit 1) if the answer is no.

ExitCode run(const Global& global, const Serve& serve);
ExitCode run(const Global& global, const Check& check);
ExitCode run(const Global& global, const Doctor& doctor);
ExitCode run(const Global& global, const Explain& explain);
ExitCode run(const Global& global, const Eval& eval);
ExitCode run(const Global& global, const Replay& replay);
ExitCode run(const Global& global, const Get& get);
ExitCode run(const Global& global, const Runs& runs);
ExitCode run(const Global& global, const ShowRun& show);
ExitCode run(const Global& global, const Logs& logs);
ExitCode run(const Global& global, const Cancel& cancel);
ExitCode run(const Global& global, const Retry& retry);
ExitCode run(const Global& global, const Release& release);
ExitCode run(const Global& global, const Why& why);
ExitCode run(const Global& global, const EditValues& edit);
ExitCode run(const Global& global, const ImportTekton& import);
ExitCode run(const Global& global, const ShadowReport& report);

}  // namespace slipway::app
