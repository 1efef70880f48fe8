# Completion of cnngen for bash. What there is to complete, cnngen itself says: cnngen --print-options
# prints for each option its names, its argument, the commands that take it, and what it does.
_cnngen()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    if [[ $cur = '=' ]]; then  # "--math=" is two words here
        cur=
    elif [[ $prev = '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    local list command=generate all=, names argument commands rest wanted=none options=()
    list=$("${COMP_WORDS[0]/#\~/$HOME}" --print-options 2>/dev/null) || return
    while IFS=$'\t' read -r names argument commands rest; do
        [[ ,$commands, = *,"${COMP_WORDS[1]}",* ]] && command=${COMP_WORDS[1]}
        all+=$commands,
    done <<<"$list"
    while IFS=$'\t' read -r names argument commands rest; do
        [[ ,$commands, = *,$command,* ]] || continue
        [[ " $names " = *" $prev "* ]] && wanted=$argument
        options+=($names)
    done <<<"$list"
    compopt -o filenames 2>/dev/null
    case $wanted in
    text) ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    none)
        if [[ $cur = -* ]]; then
            COMPREPLY=($(compgen -W "${options[*]}" -- "$cur"))
        else
            mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- "$cur"; compgen -d -- "$cur")
            all=$(tr , '\n' <<<"$all" | grep -vx generate | sort -u)
            ((COMP_CWORD > 1)) || COMPREPLY+=($(compgen -W "$all" -- "$cur"))
        fi ;;
    *)  # words; more than one, separated by commas
        local before=${cur%"${cur##*,}"}
        COMPREPLY=($(compgen -P "$before" -W "${wanted//,/ }" -- "${cur##*,}")) ;;
    esac
}
complete -F _cnngen cnngen
