/** What a code means and what to do about it. The source of docs/reference/errors.md. */
export interface ErrorCodeEntry {
  readonly meaning: string;
  readonly fix: string;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
}

const entry = (meaning: string, fix: string, retryable = false): ErrorCodeEntry => ({ meaning, fix, retryable });

/** Every stable error code. Codes are never renamed or reused. */
export const ERROR_CODES = {
  REPRISE_INVALID_ID: entry(
    'An id has characters that are not allowed, or is too long.',
    'Use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit.',
  ),
  REPRISE_INVALID_PAYLOAD: entry(
    'A payload is not plain JSON.',
    'Return or pass only null, booleans, finite numbers, strings, arrays and plain objects.',
  ),
  REPRISE_PAYLOAD_TOO_LARGE: entry(
    'A payload is larger than the limit (1 MiB by default).',
    'Store the data elsewhere (a file, a bucket) and pass a reference to it, or raise limits.maxPayloadChars.',
  ),
  REPRISE_LABELS_INVALID: entry(
    'The labels of a run cannot be taken.',
    'Give at most 32 labels: keys of 1 to 64 letters, digits, ".", "_" or "-", values of 1 to 256 characters.',
  ),
  REPRISE_RUN_TOO_LARGE: entry(
    'The payloads of a run would be larger in all than the limit (limits.maxRunChars, 1 GiB by default).',
    'Pass references to large data instead, split the work over several runs, or raise limits.maxRunChars.',
  ),
  REPRISE_DEFINITION_INVALID: entry(
    'A workflow definition has problems; the message lists each with its place.',
    'Mend every problem that is listed; `reprise workflow validate` checks again.',
  ),
  REPRISE_DEFINITION_CHANGED: entry(
    'An open run needs functions that the registered workflow of that name and version no longer has.',
    'Register the version that the run started with, or cancel the run. Its history can still be replayed. `reprise workflow compat` says before a start which runs that would be.',
  ),
  REPRISE_EXPRESSION_FAILED: entry(
    'A condition, mapping or other expression of a workflow threw or gave an unusable value.',
    'Mend the expression; the message names the task, the place and the cause.',
  ),
  REPRISE_EXPRESSION_BUDGET: entry(
    'An expression exceeded its size, depth or step budget.',
    'Make the expression smaller, or do the work in an agent.',
  ),
  REPRISE_INPUT_INVALID: entry(
    "An input does not match its schema (the run's, or an agent's).",
    'Compare the input with the schema; the message lists each mismatch with its path.',
  ),
  REPRISE_OUTPUT_INVALID: entry(
    "An agent returned something that does not match the agent's output schema (tried again, as the retry policy says), or is not plain JSON (not tried again).",
    'Mend the agent, or its schema; the message lists each mismatch with its path. List the code in nonRetryable to stop retries.',
    true,
  ),
  REPRISE_AGENT_FAILED: entry(
    'An agent threw. The message and cause are the agent’s own.',
    'Look at the cause. Throw an error with `retryable: false`, or list its code in nonRetryable, to stop retries.',
    true,
  ),
  REPRISE_ISOLATION_INVALID: entry(
    'An agent that is to run in a thread or process of its own is not given by module and export, or says something that cannot be.',
    "Put its `handle` into a module of its own, and give `module: import.meta.resolve('./x.ts')`, `export` and `isolation` to isolatedAgent(); the message says what else is wrong.",
  ),
  REPRISE_AGENT_NOT_LOADED: entry(
    'The module of an isolated agent cannot be loaded, or what it exports is no agent.',
    'Mend the module or the name of the export; the message has the cause.',
  ),
  REPRISE_AGENT_MEMORY: entry(
    'An isolated agent used more memory than limits.memoryMiB; its thread or process was ended.',
    'Raise limits.memoryMiB of the agent, or have it hold less at once.',
    true,
  ),
  REPRISE_AGENT_EXITED: entry(
    'The thread or process of an isolated agent ended in the middle of an attempt: `process.exit`, an error that nobody caught, a crash.',
    'Look at the exit code or signal in the details, and at what the agent wrote, which is in the log of the attempt.',
    true,
  ),
  REPRISE_AGENT_UNKNOWN: entry(
    'No registered agent has the name or capability that a task asks for.',
    'Add the agent to `agents` in the configuration, correct the name in the workflow, or declare an agent that runs in another process: `remoteAgent()` (docs/workers.md).',
  ),
  REPRISE_ATTEMPT_TIMEOUT: entry(
    'An attempt took longer than timeout.attempt, or than limits.time of its isolated agent.',
    'Raise the timeout, or make the agent honour its AbortSignal and do less.',
    true,
  ),
  REPRISE_HEARTBEAT_TIMEOUT: entry(
    'An agent did not call heartbeat() within timeout.heartbeat.',
    'Call context.heartbeat() more often, or raise the timeout.',
    true,
  ),
  REPRISE_TASK_TIMEOUT: entry(
    'A task (each item, of a forEach), retries included, took longer than timeout.task, or the list of a forEach longer than timeout.all; or no time was left for another attempt.',
    'Raise the limit, or allow fewer or faster attempts. The cause of the error is what failed before the time was up.',
  ),
  REPRISE_RUN_TIMEOUT: entry(
    'A run took longer than its timeout.',
    'Raise the timeout of the workflow; `reprise run history` shows where the time went.',
  ),
  REPRISE_WORKER_LOST: entry(
    'The worker of an attempt is gone (a crash, or a lease that ran out), so its outcome will never come.',
    'Nothing: the attempt is made again unless the task says at-most-once. Repeated losses point to an agent that kills its process.',
    true,
  ),
  REPRISE_OUTCOME_UNKNOWN: entry(
    'An at-most-once attempt was started and its worker is gone, or a command got no answer in time: whether it took effect cannot be known.',
    'Check the outside world, then use `reprise run retry`, or give the task a fallback value. A command may be given again with the same requestId.',
  ),
  REPRISE_WOULD_REPEAT: entry(
    'Trying a run again, or restarting a task of it, would do again what its workflow says may be done at most once.',
    'Look outside whether it had its effect; then allow it by name: `reprise run retry RUN --again TASK`, or `retryRun(id, { again: [task] })`; of a restart, `restart(task, { again: [task] })`. Or say what it gave: `--outcome TASK=JSON`.',
  ),
  REPRISE_REPEAT_EXHAUSTED: entry(
    'A repeat or a loop reached its maximum number of rounds without its condition holding.',
    'Raise max, mend the agents, or say onExhausted: "accept".',
  ),
  REPRISE_SWITCH_UNMATCHED: entry(
    'No case of a switch holds, and it has no else.',
    'Add an else, or a case for what came; the input of the switch is in `reprise run show`.',
  ),
  REPRISE_JOIN_UNMET: entry(
    'A task waits for some of several tasks, and too few of them can still complete.',
    'See why they failed or were skipped (the cause is the last failure); ask for fewer, or give the task a fallback.',
  ),
  REPRISE_ITEMS_UNMET: entry(
    'Too few items of a forEach can still complete for what it needs.',
    'See why they failed (the cause is the last failure); ask for fewer (`need`), give the items a fallback, or the list more items.',
  ),
  REPRISE_TEAM_FAILED: entry(
    'The strategy of a team gave up: it cannot do what the team is for.',
    'The message and the cause say why; `reprise run history RUN` has each decision with its reason.',
  ),
  REPRISE_TEAM_STALLED: entry(
    'Nothing in a team could happen any more, and its strategy decided nothing; or it only waited, or decided about nothing new, too many times in a row.',
    'See its last decisions (`reprise run history RUN`) and what its tasks wait for (`reprise run explain RUN`); mend the strategy, or what it is told.',
  ),
  REPRISE_TEAM_REFUSED: entry(
    'Several decisions of a strategy in a row could not be; the cause is why the last one could not.',
    'Mend the strategy; DecisionRefused in `reprise run history RUN` says what it wanted.',
  ),
  REPRISE_TEAM_EXHAUSTED: entry(
    'A team took as many decisions in one round as it may.',
    'See what they were (`reprise run history RUN`): it may go in circles. Give the team a budget, or less to do in one round.',
  ),
  REPRISE_MANAGER_FAILED: entry(
    'The manager of a team gave no answer: its task failed, was skipped or cancelled.',
    'See the cause; give it more time or attempts (managerTimeout, managerAttempts), or catch this code.',
  ),
  REPRISE_MANAGER_NONSENSE: entry(
    'The manager of a team gave several answers in a row that are of no use: not of the form that was asked for, or about steps and workers that are not there.',
    'The message says what was wrong with the last, and the history has them all. Mend the manager, or tell its model more; bounds.nonsense says how often it is asked again.',
  ),
  REPRISE_MANAGER_STALLED: entry(
    'The plans of the manager of a team led nowhere, as often as its bounds of stalls and resets allow.',
    'See its answers and what became of the steps (`reprise run history RUN`); give the team other workers, a clearer goal, or more bounds.',
  ),
  REPRISE_DELEGATIONS_EXHAUSTED: entry(
    'A team has delegated as many steps as its bounds allow, and needs one more.',
    'See what they were (`reprise run history RUN`); raise bounds.delegations, or let the manager plan larger steps.',
  ),
  REPRISE_HAND_OFFS_EXHAUSTED: entry(
    'A team handed its task on as often as its bounds allow, and nobody completed it.',
    'See who had it and why it was handed on (`reprise run history RUN`); raise bounds.handOffs, or have a member that completes it.',
  ),
  REPRISE_HAND_OFF_CIRCLE: entry(
    'The members of a team handed their task on in circles.',
    'The message names the circle; mend one of its members, or name somebody who breaks it (onCircle).',
  ),
  REPRISE_NO_BID: entry(
    'Nobody in a team made a bid for a task, in as many rounds as there may be, and the team is to fail then (onNoBid).',
    'See the bids and why they were none (`reprise run history RUN`); give them more time (bidTimeout), add members, or say who does it (onNoBid).',
  ),
  REPRISE_NOT_CLAIMED: entry(
    'Nobody in a team claims a task, and nothing else is under way that could change that.',
    'Compare the triggers of its members with the task and the board, and their capabilities with that of the task; or let it be assigned (onNoClaim).',
  ),
  REPRISE_DECISION_INVALID: entry(
    'A decision of a strategy is none that can be taken: it has not the form of one, or does not fit the state of its team.',
    'The strategy is asked again, and sees it as news; the message says what is wrong.',
  ),
  REPRISE_LEDGER_UNREADABLE: entry(
    'The ledger of a team has a format that the strategy that is installed here does not read.',
    'Install the version of the plugin that wrote it, or one that reads it; until then the run is held, and nothing is lost.',
  ),
  REPRISE_BUDGET_EXHAUSTED: entry(
    'A task needs an attempt, or a message, or a strategy a delegation, or an attempt tokens or cost, that the budget of the run or of a block around it does not allow.',
    'See what used it up (`reprise run history`); raise the budget (of a run that failed: `reprise run retry RUN --budget attempts=+50`), let somebody be asked for more (`onBudget: { ask: kim }`), catch this code, or give the task a value to fall back to.',
  ),
  REPRISE_MUTEX_DEADLOCK: entry(
    'A task asks for a mutex whose holder waits, inside, for one that a block around the task holds: neither would ever end.',
    'Ask for mutexes in the same order everywhere, or for one of the two only.',
  ),
  REPRISE_ATTEMPT_REFUSED: entry(
    "A worker claimed an attempt, and may not have it: it is another's, or over.",
    'Nothing: the worker leaves it. Whoever writes a worker of his own drops the dispatch.',
  ),
  REPRISE_RESULT_UNVERIFIED: entry(
    'What came as the result of a worker has no token of the dispatch of its attempt, or that of another. Nothing was done with it.',
    'If the worker is yours: it must give `dispatchtoken` of its dispatch back, and all orchestrators must have the same secret (an old one beside the new one until its attempts have ended). If it is not: see who may write to the topic of results.',
  ),
  REPRISE_CHANNEL_REFUSED: entry(
    'Over a channel came what does not go over it: a command that is not for workers to give among results, or a result elsewhere. Nothing was done with it.',
    'Send it over the channel that it belongs to (docs/protocol/asyncapi.json has them).',
  ),
  REPRISE_CHILD_FAILED: entry(
    'The child run of a task failed.',
    'See the cause, and the child run itself: its id is in the message.',
    true,
  ),
  REPRISE_CHILD_CANCELLED: entry(
    'The child run of a task was cancelled.',
    'Nothing, if that was wanted: give the task a fallback, or catch this code. Else retry the run.',
  ),
  REPRISE_CHILD_TOO_DEEP: entry(
    'A run was to start a child run too many levels below the first one: a workflow that starts itself without end.',
    'Give the recursion an end, or pass the work on in another way.',
  ),
  REPRISE_ITEMS_INVALID: entry('The items of a forEach are not an array.', 'Make the items expression yield an array.'),
  REPRISE_TASK_FAILED: entry(
    'A task of the run failed for good, so the run failed.',
    'See the cause in `reprise run show`; `reprise run retry` starts a new run that goes on from it.',
  ),
  REPRISE_COMMAND_INVALID: entry(
    'A command does not fit the state of its run (for example, pausing a run that is paused).',
    'Look at the state with `reprise run show`, then send a command that fits.',
  ),
  REPRISE_FORM_INVALID: entry(
    'What was answered does not fit the form. The message lists what is wrong, and where; the form is open still.',
    'Look at the schema with `reprise form show`, and answer again.',
  ),
  REPRISE_FORM_NOT_OPEN: entry(
    'A form was to be answered or assigned that is not open: no task of that id asks anybody anything now.',
    'Look at what is open with `reprise form list`.',
  ),
  REPRISE_MAILBOX_UNKNOWN: entry(
    'A message was to go to, or to be taken from, a mailbox that is not there: no task and no name of the run is called so, or it is not for whoever asks.',
    'Use the id of a task of the block or of the blocks around it (`inspect[12]` for an item), or a name that the workflow has under `mailboxes`, with `#` before it. To publish, and to subscribe: a name that it has under `topics`.',
  ),
  REPRISE_MAILBOX_CLOSED: entry(
    'The mailbox is that of a task whose block is not under way: it has not begun, or it has ended. Or a task sent a message to wait until it is acknowledged, and whoever was to take it has ended. Or somebody waits at a name of no run (`@desk`) that is closed, or was closed meanwhile.',
    'Send while the block goes on, or use a name (`#desk`): it is there as long as the run. A name of no run that is closed stays so: take another one.',
  ),
  REPRISE_MAILBOX_FULL: entry(
    'As many messages are open in the mailbox as it takes. Nothing was sent; what was published is a dead letter there, and the other subscribers have it.',
    'Send again later, have more of them taken, or raise `limit` of the mailbox.',
    true,
  ),
  REPRISE_MESSAGE_INVALID: entry(
    'What was to be sent, awaited or settled is not well formed; the message says what is wrong. Nothing was done.',
    'Mend the call.',
  ),
  REPRISE_MESSAGE_TOO_NEW: entry(
    'A message that came from elsewhere is of a type, or of a version of its schema, that this build does not know. Nothing was done with it.',
    'Leave it to a build that knows it, or use that one here.',
  ),
  REPRISE_MESSAGE_CONFLICT: entry(
    'The task has sent another message under the same key. Nothing was sent.',
    'Give what is said for the second time the key and the content of the first, and anything else a key of its own.',
  ),
  REPRISE_MESSAGE_EXPIRED: entry(
    'Nobody took the message in time, or nobody answered the question in time. It is a dead letter.',
    'Look at it with `reprise dead-letter show`; redrive it, or discard it.',
  ),
  REPRISE_MESSAGE_REJECTED: entry(
    'Whoever took the message gave it back, as often as its mailbox allows, or for good. It is a dead letter; the last reason is its cause.',
    'Look at it with `reprise dead-letter show`; mend what failed, edit the message if it is at fault, and redrive it, or discard it.',
  ),
  REPRISE_MESSAGE_OUT_OF_ORDER: entry(
    'A run was handed a message of another before the ones that come before it. The other one sends them again, in order.',
    'Nothing is to be done.',
    true,
  ),
  REPRISE_MESSAGE_STALE: entry(
    'A message to another run came more than 7 days after it was sent, and whether that run had it before cannot be told any more. It is a dead letter.',
    'Look at it with `reprise dead-letter show`; redrive it when it is to be delivered all the same, or discard it.',
  ),
  REPRISE_MESSAGE_UNDELIVERED: entry(
    'Nothing was left to do in the run, and the other run was not known to have taken the message within 5 minutes. It is a dead letter.',
    'Have its mailbox emptied, or raise its `limit`; then send the message anew, when the other run has not had it.',
  ),
  REPRISE_MESSAGE_NOT_HELD: entry(
    'An attempt asked for something to be done with a message that it does not have, or is over, or is made by another worker.',
    'Settle each message once, and only as long as the attempt goes on.',
  ),
  REPRISE_CONVERSATION_BROKEN: entry(
    'What was to be said may not be said at this stage of the conversation; the message says what may. Nothing was sent.',
    'Say what the protocol allows, with the id of the question as `inReplyTo`, or leave `conversation` out where it is no part of one.',
  ),
  REPRISE_CONVERSATION_ENDED: entry(
    'Somebody waits for an answer, and none will come: its conversation has ended. Its last word answered another message, or whoever asked ended it; or the answer came before, and was done with.',
    'Look at what was said with `reprise run messages`. Whoever answers says the id of the question as `inReplyTo`, as `reply()` does. Ask again, under another key.',
    true,
  ),
  REPRISE_REPLY_TIMEOUT: entry(
    'A request was not answered before its deadline.',
    'Look at the run with `reprise run explain`: whoever was asked may not have begun, or waits itself. Raise `deadline`, or ask somebody else.',
    true,
  ),
  REPRISE_REQUEST_REFUSED: entry(
    'A request was answered with something else than what was asked for: it was refused, or failed. `details` has the answer.',
    'What to do is said by the answer.',
  ),
  REPRISE_DEAD_LETTER_UNKNOWN: entry(
    'No dead letter of that id is in the run: it was never one, was dealt with, or is in the hands of a task.',
    'Look at what there is with `reprise dead-letter list`.',
  ),
  REPRISE_BLOCK_CLOSED: entry(
    'Something was to be added to, or changed in, a block that is not under way, is about to end, or is closing.',
    'Do so while the block goes on, or in a block around it.',
  ),
  REPRISE_TASK_EXISTS: entry(
    'An added task has the id of a task that is in the block, around it or inside it.',
    'Give it an id that the run does not have.',
  ),
  REPRISE_TASK_UNKNOWN: entry(
    'A command names a task that the run does not have (yet).',
    'See the ids in `reprise run show`: those inside blocks are paths (`book/pay`), items have a place (`quotes[3]`).',
  ),
  REPRISE_TASK_UNDER_WAY: entry(
    'A task was to begin again while something that would begin again with it has to be waited for: a child run, or an attempt that can be undone.',
    'Wait until that has ended, or skip it, and begin again then.',
  ),
  REPRISE_TASK_ENDED: entry(
    'A task that was to be skipped, overridden or changed has ended.',
    'Fork the run with another outcome for it: `reprise run fork RUN --outcome TASK=JSON`.',
  ),
  REPRISE_DEPENDENCY_UNKNOWN: entry(
    'A task is to come after, or before, something that is no task of its block, or does not come with it; or is to stop coming after something that it does not come after.',
    'Name tasks of the block itself that are in the run, or come with it; no stand-ins and no items.',
  ),
  REPRISE_DEPENDENCY_UNMET: entry(
    'A task is to come after tasks that failed or were cancelled, or after too few for its join, so that it could never run.',
    'Let it come after others, or ask for fewer of them (join: any, or a number).',
  ),
  REPRISE_DEPENDENCY_NEEDED: entry(
    'A task was to stop coming after another, and it, or a task after it, reads the output of what would be before it no longer.',
    'Leave the edge, or skip or override the task that is waited for: its output is then null, or what you say.',
  ),
  REPRISE_TASK_BEGUN: entry(
    'What a task comes after was to change, and it waits for nothing any more: it began, ended, or is about to.',
    'Name tasks that still wait for others, or let new tasks come after this one.',
  ),
  REPRISE_CYCLE: entry(
    'A task would come after one that is to come after it.',
    'Leave out one of the edges; the message has the cycle.',
  ),
  REPRISE_DIRECTIVE_REFUSED: entry(
    'An agent wanted something done to its run that cannot be; its attempt failed, and nothing of it was done.',
    'The message says what was wrong: mend the agent, or say on its task what it may do (`may`). The next attempt finds the error in `task.error`.',
    true,
  ),
  REPRISE_TOO_MANY_TASKS: entry(
    'More tasks were to be added than a command (1,000) or a run (1,000,000, items included) may, or than can be checked.',
    'Add them in several commands, as the items of a forEach, or in child runs.',
  ),
  REPRISE_RUN_EXISTS: entry(
    'A run with this id was started before, with another command.',
    'Choose another id, or read the run that exists.',
  ),
  REPRISE_RUN_CLOSED: entry(
    'The run has ended, and nothing can be added to its history.',
    'Start a new run. `reprise run retry` goes on from one that failed or was cancelled, `reprise run fork` from any.',
  ),
  REPRISE_RUN_NEEDED: entry(
    'The run cannot be deleted: it has not ended, or another run that is there still needs it.',
    'The message says which. Cancel or await what is open; a child run is deleted with the run that started it.',
  ),
  REPRISE_RUN_PARKED: entry(
    'The run is parked: something threw while it was decided, and going on would throw again. Results are still taken.',
    'See why with `reprise run show`. Mend that and resume the run with `reprise run resume`, or cancel it.',
  ),
  REPRISE_RUN_FORKING: entry(
    'The history that the run goes on from is still being copied into it.',
    'Try again in a moment; when no process drives the store, start one: `reprise worker start`. `reprise run explain` says how far it has come.',
    true,
  ),
  REPRISE_UNDECIDABLE: entry(
    'Something threw while a command was decided: a fault of Reprise, of a plugin, or of the history. It was contained.',
    'The message has the cause. Mend it (a newer version, another plugin), or report it with the history (`reprise run export`).',
  ),
  REPRISE_RUN_NOT_FOUND: entry(
    'No run has this id.',
    'List the runs with `reprise run list`; check that you look at the right store.',
  ),
  REPRISE_RUN_AMBIGUOUS: entry(
    'The beginning of a run id fits several runs.',
    'Give more of the id; the message lists the runs that fit.',
  ),
  REPRISE_WORKFLOW_UNKNOWN: entry(
    'No registered workflow has this name (and version).',
    'Add it to `workflows` in the configuration, or correct the name.',
  ),
  REPRISE_STORE_CONFLICT: entry(
    'Another writer appended to the stream first.',
    'Read the stream again and decide again; the engine does so by itself.',
    true,
  ),
  REPRISE_STORE_UNAVAILABLE: entry(
    'The event store cannot be reached or opened, or its disk is full. Nothing that was acknowledged is lost.',
    'Mend the cause named in the message, then start again.',
    true,
  ),
  REPRISE_STORE_UNKNOWN_OUTCOME: entry(
    'An append may or may not have been made (a timeout).',
    'Append the same events with the same ids and expected revision again; the engine does so by itself.',
    true,
  ),
  REPRISE_STORE_TOO_LARGE: entry('An event is larger than the event store accepts.', 'Pass large data by reference.'),
  REPRISE_STORE_DENIED: entry(
    'The event store does not let this user do what was asked of it, or does not know the user.',
    'Check the credentials, and the rights of the user on the streams that the message names; reading everything ($all) is a right of its own.',
  ),
  REPRISE_STORE_STREAM_DELETED: entry(
    'A stream of the event store was deleted by somebody. Its history is gone, and nothing can be added to it.',
    'Start the run anew under another id. Keep tools that delete streams away from those of Reprise.',
  ),
  REPRISE_STORE_REFUSED: entry(
    'The event store refuses what it was asked, and would again: it is too old, or set up otherwise.',
    'Do what the message says; `reprise doctor` tells the version of the server.',
  ),
  REPRISE_STORE_CLOSED: entry('The event store was used after close().', 'Open it again.'),
  REPRISE_STORE_REPLACED: entry(
    'The file of the event store was deleted or replaced while a process had it open, or its lock file was.',
    'Stop the process, put back the file that belongs there, then start again.',
  ),
  REPRISE_STORE_DRIVEN: entry(
    'A process drives the runs of a store that has to stand still for what was asked.',
    'Stop that process (`reprise doctor` says whether there is one), then try again.',
  ),
  REPRISE_DRIVER_SILENT: entry(
    'The process that drives the runs of a store exists and shows no sign of life: it is stopped, or stuck in a loop.',
    'Let it go on (`kill -CONT PID`), or end it (`kill -9 PID`): another process takes its runs over then.',
  ),
  REPRISE_STORE_CORRUPT: entry(
    'The event store file is torn, corrupt, or not an event store.',
    'Keep the file for examination, and restore a backup; `reprise doctor` says what is readable.',
  ),
  REPRISE_QUERY_INVALID: entry(
    'A query cannot be read.',
    'Mend the query at the place that the message shows; docs/reference/queries.md says how one is written.',
  ),
  REPRISE_PROJECTION_FAILED: entry(
    'A projection threw, or gave what is no row.',
    'Mend the projection, raise its version, and start again; its view is then built anew. Nothing else is harmed.',
  ),
  REPRISE_VIEW_UNKNOWN: entry(
    'There is no view of that name.',
    'Use one of the views that the message lists, or add its projection to `projections` of the configuration.',
  ),
  REPRISE_VIEW_CONFLICT: entry(
    'A view was built further by another process.',
    'Read its checkpoint again and go on from there; a Projector does so by itself.',
    true,
  ),
  REPRISE_VIEW_STORE_UNAVAILABLE: entry(
    'The view store could not be read or written.',
    'Check its file, its permissions and the disk. It may be deleted: views are built again from the event store.',
    true,
  ),
  REPRISE_LOGS_UNAVAILABLE: entry(
    'The file in which what agents log is kept could not be read or written.',
    'Check its permissions and the disk. It may be deleted: runs do not need it.',
    true,
  ),
  REPRISE_VIEW_STORE_CLOSED: entry('The view store was used after close().', 'Open it again.'),
  REPRISE_EVENT_UNREADABLE: entry(
    'An event in a stream is of an unknown type or a newer schema version than this build knows.',
    'Use the build that wrote it, or a newer one.',
  ),
  REPRISE_CONFIG_INVALID: entry(
    'The configuration has a mistake, or a piece it needs is missing.',
    'Do what the message says; `reprise doctor` checks the configuration.',
  ),
  REPRISE_CONFIG_NOT_FOUND: entry(
    'No reprise.config.{ts,mts,js,mjs,yaml,yml,json} was found.',
    'Create one in the project folder, or name it with --config.',
  ),
  REPRISE_DASHBOARD_UNSAFE: entry(
    'The dashboard would be open to people who are not meant, or readable on its way.',
    'Leave out --host, or give --tls-cert and --tls-key (or --behind-proxy and --public-url) and --tokens.',
  ),
  REPRISE_TOKEN_FILE_INVALID: entry(
    'The file of who may open the dashboard cannot be used.',
    'Do what the message says: `reprise dashboard token add` makes the file; it is to be readable by its owner alone (chmod 600).',
  ),
  REPRISE_NAME_INVALID: entry(
    'A project, or something in it, cannot have that name.',
    'Use small letters, digits and hyphens, beginning with a letter: my-project. The name only, no path to it.',
  ),
  REPRISE_TEMPLATE_UNKNOWN: entry(
    'There is no template of that name.',
    'Use one of those that the message lists: `reprise create NAME --template hello`.',
  ),
  REPRISE_PACKAGE_NOT_FOUND: entry(
    'There is no package.json in this folder.',
    'Go to the folder that has it, or make one there with `npm init -y`. `reprise create NAME` makes a new project.',
  ),
  REPRISE_FILE_EXISTS: entry(
    'A file or a folder is there already, and nothing is overwritten.',
    'Choose another name, or move away what is there.',
  ),
  REPRISE_NOT_WRITABLE: entry(
    'A file or a folder could not be written.',
    'Check who may write there, and that the disk has room; or go to another folder.',
  ),
  REPRISE_INSTALL_FAILED: entry(
    'The packages of a project could not be installed.',
    'Mend what npm says. What was made is there: run `npm install` in it then.',
    true,
  ),
  REPRISE_IMPORT_INVALID: entry(
    'An exported run cannot be imported: a line is broken, an event was changed or is missing, or the run is still open.',
    'Export the run again with `reprise run export`, and import the file as it is; the message names line, event and field.',
  ),
  REPRISE_USAGE: entry(
    'A command was given flags or arguments that it cannot make sense of.',
    'Run the command with --help to see its usage.',
  ),
  REPRISE_PLUGIN_INVALID: entry(
    'A plugin does not follow the contract, or failed to load.',
    'Check the name and version of the plugin; the message names what is missing.',
  ),
  REPRISE_PLUGIN_OPTIONS_INVALID: entry(
    'The options of a plugin do not fit what it says of them, or take a value from an environment variable that is not set.',
    'Mend every option that the message names, or set the variable; `reprise plugins inspect` shows the options that there are.',
  ),
  REPRISE_PLUGIN_INSTALL_FAILED: entry(
    'A plugin could not be installed or removed.',
    'Look at the cause in the message, and try again. What had been changed was put back, unless the message says otherwise.',
  ),
  REPRISE_PLUGIN_UNKNOWN: entry(
    'No plugin of that name is installed in the project.',
    'Use a name that `reprise plugins list` shows.',
  ),
  REPRISE_TELEMETRY_LOST: entry(
    'Traces, metrics or logs could not be sent. No run is affected.',
    'See that the receiver runs and can be reached under the endpoint that the message names. Traces can be made again from history: `reprise trace export`.',
    true,
  ),
  REPRISE_TRANSPORT_CLOSED: entry('The transport was used before start() or after stop().', 'Start it first.'),
  REPRISE_TRANSPORT_UNAVAILABLE: entry(
    'What carries the messages could not be reached in time.',
    'See that its servers run and can be reached from here, under the addresses that the message names. What was being published may be there; it may be published again.',
    true,
  ),
  REPRISE_TRANSPORT_DENIED: entry(
    'What carries the messages did not let this process in, or do what it asked for.',
    'Check the credentials, and the rights that the plugin asks for in its README.',
  ),
  REPRISE_TRANSPORT_REFUSED: entry(
    'What carries the messages refused a message, or the name of a channel.',
    'The message says why. A message that is too large has to become smaller; asking again will not help.',
  ),
  REPRISE_NOT_STARTED: entry('The orchestrator was used before start().', 'Call `await reprise.start()` first.'),
  REPRISE_STOPPED: entry(
    'The orchestrator was stopped before this could be done.',
    'Start it again; open runs go on.',
    true,
  ),
} as const satisfies Record<string, ErrorCodeEntry>;

/** A code of an error of Reprise; it stays the same from version to version. */
export type ErrorCode = keyof typeof ERROR_CODES;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_CODES, code);
