/** `andon run` and its options. What it does is loaded when it is asked for: no other command has a use for a server. */
import { Command, Option } from 'commander'
import { positive } from './evaluate.ts'

export function runCommand(): Command {
  return new Command('run')
    .description('Read the log, predict, join, learn, alert; until stopped. SIGTERM or Ctrl-C drains and saves, a second one does not wait')
    .option('--config <file>', 'configuration (YAML); without it the defaults')
    .addOption(
      new Option('--role <role>', 'what of the work this process does').choices(['all', 'learn', 'join', 'predict', 'watch']).default('all')
    )
    .option('--shard <name>', 'the shard that a learner learns; without it the lines that no shard names')
    .option('--simulate [lines]', 'feed the log from simulated lines beside', positive)
    .option('--show', 'show live scores per class, experts and rates', false)
    .option('--for <seconds>', 'stop by itself after this long', positive)
    .option('--phase-file <file>', 'keep the first letter of what the loop is doing in a file: for tests that kill it')
    .addHelpText('after', '\nExample: andon run --simulate 3 --show')
    .action(async flags => (await import('./running.ts')).run(flags))
}
