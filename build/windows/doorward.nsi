; The installer for Windows: the window, the server and its command line. It is
; not signed. makensis -DVERSION=1.2.3 -DFROM=folder -DTO=file doorward.nsi
Unicode true
Name "Doorward"
OutFile "${TO}"
InstallDir "$LOCALAPPDATA\Programs\Doorward"
InstallDirRegKey HKCU "Software\Doorward" "InstallDir"
RequestExecutionLevel user
SetCompressor /SOLID lzma
Icon "${FROM}\doorward.ico"
UninstallIcon "${FROM}\doorward.ico"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Doorward"

Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Section
  SetOutPath "$INSTDIR"
  File "${FROM}\doorward.exe"
  File "${FROM}\doorward-desktop.exe"
  File "${FROM}\doorward.ico"
  File "${FROM}\licences.txt"
  CreateShortcut "$SMPROGRAMS\Doorward.lnk" "$INSTDIR\doorward-desktop.exe" "" "$INSTDIR\doorward.ico"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "Software\Doorward" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Doorward"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\doorward.ico"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
SectionEnd

Section "Uninstall"
  ; The data directory is not touched.
  Delete "$INSTDIR\doorward.exe"
  Delete "$INSTDIR\doorward-desktop.exe"
  Delete "$INSTDIR\doorward.ico"
  Delete "$INSTDIR\licences.txt"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Doorward.lnk"
  DeleteRegKey HKCU "Software\Doorward"
  DeleteRegKey HKCU "${UNINSTALL}"
SectionEnd
