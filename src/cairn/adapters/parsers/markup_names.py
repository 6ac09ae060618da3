"""What elements of DocBook, JATS, FictionBook and TEI are called, by what they do in a text.

Knows nothing of how they are read. Where the four disagree over a name, the walk decides.
"""


def names(text: str) -> frozenset[str]:
    """Split a list of names."""
    return frozenset(text.split())


HEADERS = names(
    """info article-meta journal-meta front-stub teiHeader fileDesc profileDesc titleStmt publicationStmt
    description title-info document-info publish-info bookinfo articleinfo chapterinfo appendixinfo partinfo
    prefaceinfo setinfo sectioninfo sect1info sect2info sect3info sect4info sect5info refentryinfo
    bibliographyinfo blockinfo objectinfo sidebarinfo processing-meta"""
)
KEPT = names(
    """title subtitle article-title abstract trans-abstract legalnotice annotation aff author-notes
    permissions"""
)
"""What of a header stands in the text."""
WRAPPERS = HEADERS | names("title-group front frontmatter")
TITLES = names("title head article-title bridgehead refname")
LABELS = names("label")
TERMS = names("term glossterm")
CAPTIONS = names("caption")
ALTERNATIVES = names("alt-text alt figDesc textobject long-desc")
CAPTIONED = names(
    """figure informalfigure fig fig-group table informaltable table-wrap table-wrap-group example equation
    list informalexample informalequation itemizedlist orderedlist variablelist simplelist procedure media
    def-list calloutlist glosslist segmentedlist bibliolist disp-formula supplementary-material
    chem-struct-wrap"""
)
"""A title in these is a caption."""
LEADS = names("formalpara warning tip caution important danger stanza note qandaentry step")
"""A title in these is but their first line."""
PARAGRAPHS = names(
    """p para simpara ab lg stanza verse-group subtitle aff corresp license-p copyright-statement attrib
    attribution text-author byline dateline salute signed speaker stage disp-formula literallayout address
    cmdsynopsis funcsynopsis docAuthor docDate docTitle titlePart date statement refpurpose"""
)
ITEMS = names("listitem list-item item step member def-item varlistentry callout glossentry li")
REFERENCES = names("ref biblioentry bibliomixed bibl biblStruct biblFull")
CODE = names("programlisting screen synopsis preformat eg code classsynopsis")
TABLES = names("table informaltable")
VERSES = names("l v verse-line line")
BREAKS = names("lb br break empty-line sbr")
FOOTNOTES = names("footnote fn")
UNSEEN = names(
    """indexterm remark binary stylesheet imagedata graphic inline-graphic object-id titleabbrev colspec
    spanspec toc lot index anchor milestone pb cb fw metadata revhistory areaspec kwd-group contrib-group
    history counts self-uri copyright-year copyright-holder custom-meta-group
    sourceDesc encodingDesc revisionDesc"""
)
BLOCKS = names(
    """section sec chapter part book article appendix preface div body back front text sidebar boxed-text
    itemizedlist orderedlist variablelist simplelist list def-list procedure figure fig table-wrap example
    mediaobject blockquote disp-quote quote cit epigraph cite poem note warning tip caution important
    listBibl ref-list bibliography fn-group table-wrap-foot substeps sp floatingText alternatives equation
    informalfigure informalexample calloutlist glosslist qandaset qandaentry question answer formalpara def
    title-group"""
)
SEPARATE = PARAGRAPHS | ITEMS | CODE | names("row tr entry td th cell def list")
"""Words in these are not one with the words before."""
