export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What a shell runs when it starts: it asks `reprise completion --suggest` for each word. Where that has nothing to say, the shell offers files. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_reprise() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <(reprise completion --suggest -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -o bashdefault -F _reprise reprise
`,
  zsh: `#compdef reprise
_reprise() {
  local -a found
  found=("\${(@f)$(reprise completion --suggest -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then
    compadd -- "\${found[@]}"
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" = _reprise ]]; then _reprise "$@"; else compdef _reprise reprise; fi
`,
  fish: `function __reprise_complete
  set -l found (reprise completion --suggest -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c reprise -f -a '(__reprise_complete)'
`,
};
