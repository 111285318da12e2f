# Completion of leaklab's command line for bash. Verbs and options are those that --help lists.
_leaklab() {
	local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words=
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$("$1" --help | sed -n 's/^  \([a-z]\{3,\}\)  .*/\1/p') help --help --version"
	elif [ "$verb" = help ]; then
		words=$("$1" --help | sed -n 's/^  \([a-z]\{3,\}\)  .*/\1/p')
	elif [ "${word#-}" != "$word" ]; then
		words=$("$1" help "$verb" 2>/dev/null | grep -o -- '--[a-z][a-z-]*' | sort -u)
	elif [ "$COMP_CWORD" -eq 2 ] && { [ "$verb" = run ] || [ "$verb" = check ]; }; then
		words=$("$1" check --list 2>/dev/null | sed 's/ .*//')
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	[ "${word#-}" != "$word" ] || [ "$COMP_CWORD" -eq 1 ] || [ "$verb" = help ] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _leaklab leaklab
